"""What somebody may do who has signed in before confirming the address."""

from __future__ import annotations

from fnmatch import fnmatchcase

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue

from ..core.errors import Problem, answer_json, wants_json
from ..core.pages import url_or_none
from ..core.state import State
from ..core.translation import gettext
from ..security.csrf import has_header_token
from .current import present_login, resolve
from .settings import AuthSettings
from .users.directory import Directory

#: What leads to a confirmed address, or out again; and what people need who are nobody yet.
_OPEN = (
    *("static", "*.static", "lback_auth.unconfirmed", "lback_auth.two_factor_verify"),
    "lback_auth.stop_impersonation",
    *("lback_auth.two_factor_setup", "lback_auth.passkey_verify*", "lback_auth.passkey_sign_in*"),
    *("lback_auth.passkey_reauthenticate*", "lback_auth.oauth_login", "lback_auth.oauth_callback"),
    *("lback_api_auth.me", "lback_api_auth.refresh", "lback_api_auth.two_factor_verify"),
    *(
        f"{blueprint}.{page}"
        for blueprint in ("lback_auth", "lback_api_auth")
        for page in (
            *("login", "logout", "register", "verify_email", "resend_verification"),
            *("change_email", "confirm_email", "request_reset_password", "reset_password"),
            *("request_magic_link", "magic_link", "accept_invitation", "reauthenticate"),
        )
    ),
)


def install(app: Flask, state: State) -> None:
    """Stand before every view, in applications that let the unconfirmed sign in."""
    allowed = state[AuthSettings].unconfirmed_may
    if allowed is None or not state[Directory].has_email:
        return
    patterns = (*_OPEN, *allowed)

    def keep_to_what_they_may() -> ResponseReturnValue | None:
        endpoint = request.endpoint
        if endpoint is None or any(fnmatchcase(endpoint, one) for one in patterns):
            return None
        user = resolve()
        if not user.is_authenticated or user.email_verified_at is not None:
            return None
        if (login := present_login()) is not None and login.must_change_password:
            return None  # on the page that it is held at
        return _lead_to_confirmation()

    app.before_request(keep_to_what_they_may)


def _lead_to_confirmation() -> ResponseReturnValue:
    """The page that says what is missing.

    :raises Problem: 403 ``email_not_verified``, when the client asked for JSON or there is none.
    """
    page = url_or_none("lback_auth.unconfirmed")
    is_program = has_header_token(request)
    if is_program:
        answer_json()
    if page is None or is_program or wants_json():
        raise Problem(
            403,
            "email_not_verified",
            gettext("Your address is not confirmed yet. Open the link in our mail first."),
        )
    return redirect(page)
