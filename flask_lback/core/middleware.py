"""The middleware chain: one visible list, top-down for the request, bottom-up for the response.

It wraps the application instance's ``full_dispatch_request`` and passes leading arguments
through, so that Flask 3.1 (none) and 3.2 (a context) are served by the same code.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import flask.globals
from flask import Flask, make_response, request
from flask.wrappers import Request, Response
from werkzeug.utils import import_string

from ..exceptions import ConfigError
from .injection import Providers

Layer = Callable[[Request], Response]
_FORMS = 'Use a dotted path, a class, (path, {params}) or {"class": path, "params": {}}.'
#: Keys of the request's environ: what Flask passed to the dispatch, whether a response has been
#: finalized, and an exception that is on its way to a debugger or a test.
_ARGUMENTS, _FINAL, _PROPAGATED = "lback.arguments", "lback.final", "lback.propagated"


class Middleware:
    """Base of Lback's two-sided middleware; every method may be left out.

    One instance serves every request of every thread: keep per-request values on ``flask.g``.
    """

    def process_request(self, request: Request) -> Any:
        """Before the view; anything but None is the answer."""

    def process_view(
        self, request: Request, view: Callable[..., Any], arguments: Mapping[str, Any]
    ) -> Any:
        """After routing, before the view; anything but None is the answer."""

    def process_exception(self, request: Request, error: Exception) -> Any:
        """After the view raised; anything but None is the answer."""

    def process_response(self, request: Request, response: Response) -> Response | None:
        """On the way out; the response, another one, or None to keep it."""


class MiddlewareMixin:
    """Django's base for classes that take ``get_response`` and keep the two-sided methods."""

    def __init__(self, get_response: Layer) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> Response:
        """Run ``process_request``, the rest of the chain, and ``process_response``."""
        before = getattr(self, "process_request", None)
        after = getattr(self, "process_response", None)
        response = before(request) if before else None
        response = self.get_response(request) if response is None else make_response(response)
        changed = after(request, response) if after else None
        return response if changed is None else changed


class Chain:
    """The list of one application, compiled once.

    :param app: the application whose requests pass through it.
    :param entries: dotted paths, classes, functions, ``(entry, params)`` or
        ``{"class": entry, "params": params}``.
    :param providers: fill constructor arguments.
    :raises ConfigError: an entry cannot be loaded or built.
    """

    def __init__(self, app: Flask, entries: Iterable[Any], providers: Providers) -> None:
        self._app: Any = app  # Flask 3.1 and 3.2 take different arguments
        self._view_hooks: list[Callable[..., Any]] = []
        self._exception_hooks: list[Callable[..., Any]] = []
        built = [self._load(entry) for entry in entries]
        layer: Layer = self._innermost
        for target, params in reversed(built):
            layer = self._wrap(target, params, layer, providers)
        self._outermost = layer
        self._dispatch: Callable[..., Response] = app.full_dispatch_request
        self.entries: list[Any] = [target for target, _ in built]

    def install(self) -> None:
        """Put the chain in place of the application's dispatch, on this instance only."""
        app = self._app
        self._dispatch = app.full_dispatch_request
        app.full_dispatch_request = self._run
        if self._view_hooks:
            app.preprocess_request = functools.partial(self._preprocess, app.preprocess_request)
        if self._exception_hooks:
            app.handle_user_exception = functools.partial(
                self._handle_exception, app.handle_user_exception
            )

    def _run(self, *args: Any) -> Response:
        current = request._get_current_object()  # type: ignore[attr-defined]
        current.environ[_ARGUMENTS] = args
        response = self._outermost(current)
        self._save_session(current, response)
        return response

    def _innermost(self, current: Request) -> Response:
        try:
            response = self._dispatch(*_arguments(current))
        except Exception as error:
            return self._broken(current, error)
        return self._finalized(current, response)

    def _finalize(self, current: Request, value: Any) -> Response:
        """Make a response of an answer: the application's hooks run, the session is saved."""
        return self._finalized(current, self._app.finalize_request(*_arguments(current), value))

    def _completed(self, current: Request, value: Any) -> Response:
        """What a layer returned, as a response; one that asked no inner layer is finalized."""
        if _FINAL not in current.environ:
            return self._finalize(current, value)
        return value if isinstance(value, Response) else self._app.make_response(value)

    def _fail(self, current: Request, error: Exception) -> Response:
        """The error page for what a middleware raised; the view does not run."""
        if current.environ.get(_PROPAGATED) is error:
            raise error
        try:
            value = self._app.handle_user_exception(*_arguments(current), error)
            return self._finalize(current, value)
        except Exception as unhandled:
            return self._broken(current, unhandled)

    def _broken(self, current: Request, error: Exception) -> Response:
        """The page for what nobody handled; debug mode and tests see the exception instead."""
        propagates = self._app.config["PROPAGATE_EXCEPTIONS"]
        if self._app.testing or self._app.debug if propagates is None else propagates:
            # Flask reports it once, when it arrives outside of the chain.
            current.environ[_PROPAGATED] = error
            raise error
        page: Response = self._app.handle_exception(*_arguments(current), error)
        return self._finalized(current, page)

    def _finalized(self, current: Request, response: Response) -> Response:
        """Note that Flask has saved the session: what changes it now has to be saved again."""
        current.environ[_FINAL] = True
        if (session := _session(current)) is not None:
            session.modified = False
        return response

    def _save_session(self, current: Request, response: Response) -> None:
        """Save what an outer layer put into the session after the inner ones had answered."""
        session, interface = _session(current), self._app.session_interface
        if session is None or not session.modified or interface.is_null_session(session):
            return
        own = f"{interface.get_cookie_name(self._app)}="
        lines = response.headers.getlist("Set-Cookie")
        kept = [line for line in lines if not line.startswith(own)]
        response.headers.setlist("Set-Cookie", kept)
        session.accessed = True
        interface.save_session(self._app, session, response)

    def _preprocess(self, preprocess: Callable[..., Any], *args: Any) -> Any:
        answer = preprocess(*args)
        current = request._get_current_object()  # type: ignore[attr-defined]
        rule = current.url_rule
        if answer is not None or rule is None:
            return answer
        view = self._app.view_functions[rule.endpoint]
        for hook in self._view_hooks:
            answer = hook(current, view, current.view_args or {})
            if answer is not None:
                return answer
        return None

    def _handle_exception(self, handle: Callable[..., Any], *args: Any) -> Any:
        for hook in self._exception_hooks:
            answer = hook(request, args[-1])
            if answer is not None:
                return answer
        return handle(*args)

    def _load(self, entry: Any) -> tuple[Any, Mapping[str, Any]]:
        target, params = _parts(entry)
        if isinstance(target, str):
            try:
                target = import_string(target)
            except ImportError as error:
                raise ConfigError(
                    f"The middleware {target!r} cannot be imported: {error}",
                    "Check the dotted path, and that the package is installed.",
                ) from error
        if not callable(target):
            said = f"The middleware entry {target!r} is neither a class nor a function."
            raise ConfigError(said, _FORMS)
        return target, params

    def _wrap(
        self, target: Any, params: Mapping[str, Any], inner: Layer, providers: Providers
    ) -> Layer:
        if _takes_get_response(target):
            built = providers.build(target, params, self._guarded(inner))
            layer: Layer = self._guarded(built)
        else:
            built = providers.build(target, params)
            layer = self._two_sided(built, inner)
        if hook := _own(built, "process_view"):
            self._view_hooks.insert(0, hook)
        if hook := _own(built, "process_exception"):
            self._exception_hooks.append(hook)
        return layer

    def _guarded(self, layer: Layer) -> Layer:
        """A Django-style layer: what it raises becomes the error page."""

        def call(current: Request) -> Response:
            try:
                return self._completed(current, layer(current))
            except Exception as error:
                return self._fail(current, error)

        return call

    def _two_sided(self, built: Any, inner: Layer) -> Layer:
        before, after = _own(built, "process_request"), _own(built, "process_response")
        if before is None and after is None:
            return inner

        def call(current: Request) -> Response:
            response = None
            if before is not None:
                try:
                    answer = before(current)
                    if answer is not None:
                        response = self._finalize(current, answer)
                except Exception as error:
                    response = self._fail(current, error)
            if response is None:
                response = inner(current)
            if after is not None:
                try:
                    changed = after(current, response)
                    response = response if changed is None else self._completed(current, changed)
                except Exception as error:
                    response = self._fail(current, error)
            return response

        return call


def _parts(entry: Any) -> tuple[Any, Mapping[str, Any]]:
    """An entry's class and its params, whichever way it is written."""
    target, params = entry, {}
    if isinstance(entry, Mapping):
        target, params = entry.get("class"), entry.get("params", {})
        if set(entry) - {"class", "params"}:
            raise ConfigError(f"The middleware entry {entry!r} has an unknown key.", _FORMS)
    elif isinstance(entry, tuple | list):
        if len(entry) != 2:
            raise ConfigError(f"The middleware entry {entry!r} is not a pair.", _FORMS)
        target, params = entry
    if not isinstance(params, Mapping):
        raise ConfigError(f"The params of the middleware {target!r} are {params!r}.", _FORMS)
    return target, params


def _arguments(current: Request) -> tuple[Any, ...]:
    """What Flask passed to the dispatch of this request."""
    return current.environ.get(_ARGUMENTS, ())  # type: ignore[no-any-return]


def _session(current: Request) -> Any:
    """The session of this request when it is open, without marking it as looked at.

    Flask answers ``Vary: Cookie`` for a session that was looked at, and 3.2 opens it only then.
    """
    given = _arguments(current)  # 3.2 passes the context, in which it keeps the session
    context = given[0] if given else flask.globals.request_ctx._get_current_object()  # type: ignore[attr-defined]
    held = vars(context)
    return held.get("_session", held.get("session"))  # 3.1.3 and newer, older ones


def _takes_get_response(target: Any) -> bool:
    """Django's style: the first parameter is called ``get_response``."""
    source = getattr(target, "__init__") if isinstance(target, type) else target  # noqa: B009
    try:
        names = list(inspect.signature(source).parameters)
    except (TypeError, ValueError):
        return False
    if isinstance(target, type) and names[:1] == ["self"]:
        names = names[1:]
    return names[:1] == ["get_response"]


def _own(built: Any, name: str) -> Callable[..., Any] | None:
    """The method when the class defines it itself, so that an empty one costs nothing."""
    method = getattr(built, name, None)
    if method is None or getattr(type(built), name, None) is getattr(Middleware, name):
        return None
    return method  # type: ignore[no-any-return]
