"""The middleware chain: one visible list, top-down for the request, bottom-up for the response.

It wraps the application instance's ``full_dispatch_request`` and passes leading arguments
through, so that Flask 3.1 (none) and 3.2 (a context) are served by the same code.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Flask, request
from flask.wrappers import Request, Response
from werkzeug.utils import import_string

from ..exceptions import ConfigError
from .injection import Providers

Layer = Callable[[Request], Response]
_ARGUMENTS = "lback.dispatch_arguments"


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
        before, after = (
            getattr(self, "process_request", None),
            getattr(self, "process_response", None),
        )
        response = before(request) if before else None
        if response is None:
            response = self.get_response(request)
        return (after(request, response) if after else None) or response


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
        self.entries: list[Any] = []
        self._view_hooks: list[Callable[..., Any]] = []
        self._exception_hooks: list[Callable[..., Any]] = []
        built = [(target, params) for target, params in map(self._load, entries)]
        layer: Layer = self._innermost
        for target, params in reversed(built):
            layer = self._wrap(target, params, layer, providers)
        self._outermost = layer
        self.entries = [target for target, _ in built]
        self._dispatch = app.full_dispatch_request

    def install(self) -> None:
        """Put the chain in place of the application's dispatch, on this instance only."""
        app = self._app
        app.full_dispatch_request = self._run
        if self._view_hooks:
            app.preprocess_request = functools.partial(self._preprocess, app.preprocess_request)
        if self._exception_hooks:
            app.handle_user_exception = functools.partial(
                self._handle_exception, app.handle_user_exception
            )

    def _run(self, *args: Any) -> Response:
        current = request._get_current_object()  # type: ignore[attr-defined]
        if args:
            current.environ[_ARGUMENTS] = args
        return self._outermost(current)

    def _innermost(self, current: Request) -> Response:
        args = current.environ.get(_ARGUMENTS, ())
        try:
            return self._dispatch(*args)
        except Exception as error:
            return self._broken(args, error)

    def _broken(self, args: tuple[Any, ...], error: Exception) -> Response:
        page: Response = self._app.handle_exception(*args, error)
        return page

    def _finalize(self, current: Request, value: Any) -> Response:
        args = current.environ.get(_ARGUMENTS, ())
        response: Response = self._app.finalize_request(*args, value)
        return response

    def _fail(self, current: Request, error: Exception) -> Response:
        """The error page for what a middleware raised; the view does not run."""
        args = current.environ.get(_ARGUMENTS, ())
        try:
            value = self._app.handle_user_exception(*args, error)
        except Exception as unhandled:
            return self._broken(args, unhandled)
        return self._finalize(current, value)

    def _preprocess(self, preprocess: Callable[..., Any], *args: Any) -> Any:
        answer = preprocess(*args)
        if answer is not None or request.url_rule is None:
            return answer
        view = self._app.view_functions[request.url_rule.endpoint]
        for hook in self._view_hooks:
            answer = hook(request, view, request.view_args or {})
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
        params: Mapping[str, Any] = {}
        if isinstance(entry, Mapping):
            entry, params = entry.get("class"), entry.get("params", {})
        elif isinstance(entry, tuple | list):
            entry, params = entry
        if isinstance(entry, str):
            try:
                entry = import_string(entry)
            except ImportError as error:
                raise ConfigError(
                    f"The middleware {entry!r} cannot be imported: {error}"
                ) from error
        if not callable(entry):
            raise ConfigError(
                f"The middleware entry {entry!r} is neither a class nor a function.",
                'Use a dotted path, a class, (path, {params}) or {"class", "params"}.',
            )
        return entry, params

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
                return layer(current)
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
                    response = after(current, response) or response
                except Exception as error:
                    response = self._fail(current, error)
            return response

        return call


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
