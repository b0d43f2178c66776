"""The account pages."""

from __future__ import annotations

from ..api_tokens import views as api_tokens
from ..blueprint import PageBlueprint
from ..impersonation import views as impersonation
from ..invitations import views as invitations
from ..magic_links import views as magic_links
from ..oauth import views as oauth
from ..passkeys import views as passkeys
from ..personal_data import views as personal_data
from ..two_factor import views as two_factor
from . import (
    account,
    addresses,
    freshness,
    password,
    registration,
    sessions,
    signing,
    unconfirmed,
)
from .addresses import EmailChangeConfirmView, EmailChangeView
from .base import AccountView
from .freshness import ReauthenticateView
from .password import PasswordChangeView, PasswordResetConfirmView, PasswordResetView
from .registration import RegisterView, ResendVerificationView, VerifyEmailView
from .signing import LoginView, LogoutView

__all__ = [
    "AccountView",
    "EmailChangeConfirmView",
    "EmailChangeView",
    "LoginView",
    "LogoutView",
    "PasswordChangeView",
    "PasswordResetConfirmView",
    "PasswordResetView",
    "ReauthenticateView",
    "RegisterView",
    "ResendVerificationView",
    "VerifyEmailView",
    "make_blueprint",
]

_MODULES = (
    *(signing, registration, unconfirmed, password, account, addresses, sessions, freshness),
    *(two_factor, passkeys, oauth, api_tokens, invitations, magic_links, personal_data),
    impersonation,
)


def make_blueprint() -> PageBlueprint:
    """A new blueprint with every account page; its endpoints start with ``lback_auth.``."""
    blueprint = PageBlueprint("lback_auth", __name__)
    for module in _MODULES:
        module.add_routes(blueprint)
    return blueprint
