"""The place of accounts in the middleware list."""

from __future__ import annotations

from flask import g
from flask.wrappers import Request, Response

from ..core.middleware import Middleware
from .current import resolve
from .sessions.principal import HELD, LOGIN, RIGHTS, USER

_REQUEST, _OUTER = "lback_request", "lback.outer"
_NAMES = (USER, LOGIN, RIGHTS, HELD, _REQUEST)


class AuthMiddleware(Middleware):
    """One account for one request, and no answer about an account in a shared cache.

    The account itself is loaded when somebody asks for it; a page that asks nobody costs no
    statement.
    """

    def process_request(self, request: Request) -> None:
        """Put aside the account of another request in the same application context.

        It is that of an earlier one, or of one whose view has sent this one.
        """
        here = vars(g._get_current_object())
        if not here.keys().isdisjoint(_NAMES):
            request.environ[_OUTER] = {name: here.pop(name) for name in _NAMES if name in here}
        here[_REQUEST] = request

    def process_response(self, request: Request, response: Response) -> None:
        """Mark pages that depend on who asks (CVE-2023-30861)."""
        here = vars(g._get_current_object())
        if USER in here:
            _keep_private(response)
        outer = request.environ.pop(_OUTER, ())
        if _REQUEST not in outer:
            here.pop(_REQUEST, None)
            return
        for name in _NAMES:
            here.pop(name, None)
        here.update(outer)


def _keep_private(response: Response) -> None:
    sent = response.headers
    present = {name.lower() for name, _ in sent}
    if "vary" in present:
        response.vary.add("Cookie")
    else:
        sent.add("Vary", "Cookie")
    if "cache-control" not in present:
        sent.add("Cache-Control", "private, no-store")


class RequestMixin:
    """What ``flask.request`` gains."""

    @property
    def user(self) -> object:
        """The present account; an :class:`AnonymousUser` for nobody."""
        return resolve()
