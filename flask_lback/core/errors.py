"""Error pages in HTML, or problem documents (RFC 9457), by what the client asked for."""

from __future__ import annotations

import re
import secrets
from typing import Any

from flask import Flask, Response, current_app, g, make_response, render_template, request
from jinja2 import Template
from markupsafe import escape
from werkzeug.exceptions import HTTPException, InternalServerError

from .signals import error_response_generated
from .state import State, current_state
from .translation import gettext

#: Statuses with a page of their own; the others share one.
PAGES = (400, 401, 403, 404, 405, 409, 413, 429, 500, 503)
#: Pages that are drawn without asking anything of a database that may be the trouble.
BARE_PAGES = (500, 503)
_JSON = "lback.answer_json"


class Problem(HTTPException):
    """An error with a stable code, for pages and problem documents alike.

    :param status: the HTTP status.
    :param code: a word that programs compare, such as ``invalid_credentials``.
    :param detail: what people are told.
    :param errors: messages by field name.
    :param extra: further members of the problem document.
    :param headers: further headers.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: dict[str, list[str]] | None = None,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        self.code = status
        super().__init__(detail)
        self.problem_code = code
        self.errors = errors
        self.extra = extra
        self.headers = headers or {}


class JsonPaths:
    """Where the addresses of programs are: errors below are documents, but for browsers."""

    def __init__(self) -> None:
        self._prefixes: tuple[str, ...] = ()

    def add(self, prefix: str) -> None:
        """Add the addresses below this one, such as ``/api``."""
        self._prefixes += (prefix.rstrip("/") + "/",)

    def hold(self, path: str) -> bool:
        """Whether an address is among them."""
        return f"{path}/".startswith(self._prefixes)


def answer_json() -> None:
    """Answer this request's errors as documents, whatever the client accepts: for blueprints."""
    request.environ[_JSON] = True


def wants_json() -> bool:
    """Whether the client asked for JSON: by what it sent, or by what it accepts."""
    if request.is_json or _JSON in request.environ:
        return True
    kinds = ["text/html", "application/json", "application/problem+json"]
    paths = current_state().get(JsonPaths)
    if paths is not None and paths.hold(request.path):
        kinds.append(kinds.pop(0))  # the first one answers who accepts anything
    return request.accept_mimetypes.best_match(kinds, default=kinds[0]) != "text/html"


def error_response(error: HTTPException) -> Response:
    """The answer to an HTTP error."""
    if error.response is not None:
        return make_response(error.response)
    status = error.code or 500
    if status >= 500:
        _number_request()
    response = problem_response(error) if wants_json() else make_response(error_page(error), status)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers.add(name, value)  # WWW-Authenticate may come several times
    for name, value in getattr(error, "headers", {}).items():
        response.headers[name] = value
    error_response_generated.emit(
        current_app._get_current_object(),  # type: ignore[attr-defined]
        status_code=status,
        error_message=error.description,
        request=request,
        response=response,
        exception=error,
    )
    return response


def problem_response(error: HTTPException) -> Response:
    """An ``application/problem+json`` document (RFC 9457) with ``code`` and field errors."""
    status = error.code or 500
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": error.name,
        "status": status,
        "code": getattr(error, "problem_code", None) or _default_code(error.name),
        "detail": error.description if status != 500 else gettext("The server made a mistake."),
    }
    if errors := getattr(error, "errors", None):
        document["errors"] = [
            {"pointer": f"/{name}", "field": name, "detail": text}
            for name, texts in errors.items()
            for text in texts
        ]
    if request_id := g.get("lback_request_id"):
        document["request_id"] = request_id
    document.update(getattr(error, "extra", {}))
    response = make_response(current_app.json.dumps(document), status)
    response.mimetype = "application/problem+json"
    return response


def error_page(error: HTTPException) -> str:
    """The HTML page: the application's ``lback/errors/<code>.html`` wins over ours."""
    status = error.code or 500
    permission = getattr(error, "extra", {}).get("permission")
    names: list[str | Template] = [f"lback/errors/{status}.html", "lback/errors/error.html"]
    try:
        return render_template(
            names,
            code=status,
            name=error.name,
            title=None,
            # The page says by itself which permission is missing, and to whom.
            detail=error.description if hasattr(error, "problem_code") and not permission else None,
            permission=permission,
            retry_after=getattr(error, "headers", {}).get("Retry-After"),
            request_id=g.get("lback_request_id"),
            home_url=request.root_path + "/",
        )
    except Exception:  # a page of the application's own that is broken must not hide the error
        current_app.logger.exception("The error page for %s could not be drawn", status)
        return f"<!doctype html><title>{status}</title><h1>{escape(error.name)}</h1>"


def register_error_handlers(app: Flask, state: State) -> None:
    """Answer every HTTP error, and what nobody caught, with our pages."""
    state.add(JsonPaths())
    app.register_error_handler(HTTPException, error_response)
    app.register_error_handler(InternalServerError, error_response)


def _number_request() -> None:
    """Give the person a number that stands in the log beside the error."""
    if "lback_request_id" not in g:
        number = secrets.token_hex(4)
        g.lback_request_id = f"{number[:4]}-{number[4:]}"
        current_app.logger.error("The error above was shown as %s", g.lback_request_id)


def _default_code(name: str) -> str:
    return "_".join(re.findall(r"[a-z]+", name.lower().replace("'", "")))
