"""Cross-site request forgery: Flask-WTF's tokens, asked for when a browser could be tricked.

A form needs a token always, signing in included. Anything else needs one when a cookie
authenticates it. A request with a token in its ``Authorization`` header needs none: no browser
adds that by itself, as it does a remembered Basic password, and the header is then the only thing
that authenticates (OWASP CSRF Cheat Sheet). Where Basic passwords are accepted, a browser that
remembers one is asked for a token as if it had a cookie, and a program is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request
from flask.wrappers import Request
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError

from ..core.middleware import Middleware
from ..core.security_log import write_refusal
from ..core.translation import gettext
from .signals import csrf_token_validation_failed

F = TypeVar("F", bound=Callable[..., Any])
_EXEMPT = "lback_csrf_exempt"
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "")


class CSRFRefused(CSRFError):
    """A form without the token that its page carried."""

    problem_code = "csrf_failed"


def csrf_exempt(view: F) -> F:
    """Ask no token of this view; it must not trust cookies."""
    setattr(view, _EXEMPT, True)
    return view


class CSRFProtection(CSRFProtect):
    """Flask-WTF's protection, driven by the middleware list.

    :ivar accepts_basic: whether a Basic password authenticates; said by the accounts feature.
    """

    accepts_basic = False

    def check(self, request: Request, view: Callable[..., Any]) -> None:
        """Refuse a forged request.

        :raises CSRFRefused: the token is missing or wrong, or another site sent the request.
        """
        config = current_app.config
        if request.method not in config["WTF_CSRF_METHODS"] or not config["WTF_CSRF_ENABLED"]:
            return
        if getattr(view, _EXEMPT, False):
            return
        if has_header_token(request) or not self._is_ambient(request):
            return
        self.protect(apply_exemptions=True)
        if "csrf_valid" in g and not is_same_origin(request):
            self._refuse(
                "cross_origin", gettext("Another site sent this request. Nothing was changed.")
            )

    def _is_ambient(self, request: Request) -> bool:
        """Whether a browser could have added by itself what authenticates the request."""
        if self.accepts_basic and is_basic(request):
            return is_from_browser(request)
        return needs_token(request)

    def _error_response(self, reason: str) -> NoReturn:
        self._refuse(
            reason,
            gettext("This page was open too long, or cookies are off. Reload it and try again."),
        )

    def _refuse(self, reason: str, message: str) -> NoReturn:
        write_refusal("security.csrf", reason=reason)
        csrf_token_validation_failed.emit(self, request=request, error_type=reason)
        raise CSRFRefused(message)


def needs_token(request: Request) -> bool:
    """Whether a browser could have been made to send this request."""
    return request.mimetype in _FORM_TYPES or bool(request.cookies)


def has_header_token(request: Request) -> bool:
    """Whether a token of an API authenticates the request."""
    scheme = request.headers.get("Authorization", "").partition(" ")[0]
    return scheme.lower() in ("bearer", "token")


def is_basic(request: Request) -> bool:
    """Whether the request carries a name and a password (RFC 7617)."""
    return request.headers.get("Authorization", "").partition(" ")[0].lower() == "basic"


def is_from_browser(request: Request) -> bool:
    """Whether anything hints at a browser: for a request that is forged, something always does."""
    return bool(request.cookies) or any(
        name in request.headers for name in ("Origin", "Referer", "Sec-Fetch-Site")
    )


def is_same_origin(request: Request) -> bool:
    """False when the browser says that another site sent the request.

    ``Origin: null`` comes from pages that send no referrer, ours with a token in their address
    among them: there the token alone decides.
    """
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        return False
    source = request.headers.get("Origin") or request.headers.get("Referer")
    if not source or source == "null":
        return True
    try:
        parts = urlsplit(source)
    except ValueError:
        return False
    if request.is_secure and parts.scheme != "https":
        return False  # anybody on the way can write a page of http
    return parts.netloc == request.host


class CSRFMiddleware(Middleware):
    """Asks for the token before a view runs."""

    def __init__(self, protection: CSRFProtection) -> None:
        self._protection = protection

    def process_view(
        self, request: Request, view: Callable[..., Any], arguments: Mapping[str, Any]
    ) -> None:
        """Refuse before anything is read of the body but its form."""
        self._protection.check(request, view)


def install(app: Flask, protection: CSRFProtection) -> None:
    """Set Flask-WTF up so that only the middleware list asks for tokens."""
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)
    app.config.setdefault("WTF_CSRF_SSL_STRICT", False)  # is_same_origin looks at both headers
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    if fallbacks := app.config.get("SECRET_KEY_FALLBACKS"):
        # Flask-WTF knows of one key only, but hands it on to itsdangerous, which takes several.
        app.config.setdefault("WTF_CSRF_SECRET_KEY", [*fallbacks, app.secret_key])
    protection.init_app(app)
    app.before_request_funcs[None].pop()  # with the setting above it would look at it and go
