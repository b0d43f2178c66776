"""The place of accounts in the middleware list."""

from __future__ import annotations

from flask import g
from flask.wrappers import Request, Response

from ..core.middleware import Middleware
from .login import resolve
from .principal import LOGIN, RIGHTS, USER


class AuthMiddleware(Middleware):
    """One account for one request, and no answer about an account in a shared cache.

    The account itself is loaded when somebody asks for it; a page that asks nobody costs no
    statement.
    """

    def process_request(self, request: Request) -> None:
        """Forget the account of an earlier request in the same application context."""
        g.pop(USER, None)
        g.pop(LOGIN, None)
        g.pop(RIGHTS, None)

    def process_response(self, request: Request, response: Response) -> None:
        """Mark pages that depend on who asks (CVE-2023-30861)."""
        if USER in g:
            response.vary.add("Cookie")
            if "Cache-Control" not in response.headers:
                response.headers["Cache-Control"] = "private, no-store"


class RequestMixin:
    """What ``flask.request`` gains."""

    @property
    def user(self) -> object:
        """The present account; an :class:`AnonymousUser` for nobody."""
        return resolve()
