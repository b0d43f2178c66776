"""Security headers and the content security policy with its nonce."""

from __future__ import annotations

import secrets

from flask import g
from flask.wrappers import Request, Response

from ..core.middleware import Middleware
from .settings import STRICT_POLICY, SecuritySettings

#: OWASP Secure Headers Project; a header that the view has set itself stays.
DEFAULT_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_CSP = "Content-Security-Policy"


def csp_nonce() -> str:
    """The nonce of this response, for a script or style that stands in the page."""
    if "lback_csp_nonce" not in g:
        g.lback_csp_nonce = secrets.token_urlsafe(16)
    return str(g.lback_csp_nonce)


class SecurityHeadersMiddleware(Middleware):
    """Adds the headers to every response."""

    def __init__(self, settings: SecuritySettings) -> None:
        chosen = {name.lower() for name in settings.headers}
        merged = {
            name: text for name, text in DEFAULT_HEADERS.items() if name.lower() not in chosen
        }
        headers = {name: text for name, text in {**merged, **settings.headers}.items() if text}
        directives = {**STRICT_POLICY, **settings.csp} if settings.csp_enabled else {}
        self._policy = {name: value for name, value in directives.items() if value}
        if self._policy:
            headers[_CSP] = _written(self._policy)
        self._headers = list(headers.items())
        self._names = {name.lower() for name in headers}
        self._hsts = settings.hsts_seconds

    def process_response(self, request: Request, response: Response) -> None:
        """One test for headers of the view's own, one append."""
        headers, sent = self._headers, response.headers
        if self._policy and "lback_csp_nonce" in g._get_current_object():
            headers = [*(pair for pair in headers if pair[0] != _CSP), (_CSP, self._with_nonce())]
        present = {name.lower() for name, _ in sent}
        if not present.isdisjoint(self._names):
            headers = [pair for pair in headers if pair[0].lower() not in present]
        sent[len(sent) :] = headers
        if self._hsts and request.is_secure:
            sent.setdefault("Strict-Transport-Security", f"max-age={self._hsts}")

    def _with_nonce(self) -> str:
        nonce = f" 'nonce-{g.lback_csp_nonce}'"
        policy = dict(self._policy)
        for name in ("script-src", "style-src"):
            policy[name] = policy.get(name, "") + nonce
        return _written(policy)


def _written(policy: dict[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in policy.items())
