"""Settings of the accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ..core.settings import Settings, setting
from .api_tokens.settings import ApiTokenSettings
from .devices.settings import DeviceSettings
from .impersonation.settings import ImpersonationSettings
from .invitations.settings import InvitationSettings
from .magic_links.settings import MagicLinkSettings
from .oauth.settings import OAuthSettings
from .page_templates.settings import TemplateSettings
from .passkeys.settings import PasskeySettings
from .personal_data.settings import PersonalDataSettings
from .throttle.settings import LimitSettings
from .two_factor.settings import TwoFactorSettings

__all__ = [
    "ApiTokenSettings",
    "AuthSettings",
    "DeviceSettings",
    "ImpersonationSettings",
    "InvitationSettings",
    "LimitSettings",
    "MagicLinkSettings",
    "OAuthSettings",
    "PasskeySettings",
    "PasswordSettings",
    "PersonalDataSettings",
    "TemplateSettings",
    "TokenSettings",
    "TwoFactorSettings",
]


@dataclass(frozen=True)
class AuthSettings(Settings):
    """``LBACK_AUTH_*``: pages, registration, sessions."""

    prefix: ClassVar[str] = "LBACK_AUTH_"

    url_prefix: str | None = setting(
        "/auth", "Where the account pages are mounted. None mounts nothing: do it by hand."
    )
    registration: bool = setting(True, "Whether people may register by themselves.")
    verify_email: bool = setting(
        True, "Whether an address must be verified by mail before the first sign-in."
    )
    unconfirmed_may: tuple[str, ...] | None = setting(
        None,
        "What somebody may do whose address is not confirmed. Unset: not even sign in. A list: "
        "sign in, confirm the address, and use these endpoints, such as `('home', 'blog.*')`; "
        "all else leads to the page `unconfirmed/`, or is 403 `email_not_verified` for JSON.",
    )
    generic_answers: bool = setting(
        True, "Answer known and unknown addresses alike, so that nobody can ask who has an account."
    )
    admin_emails: tuple[str, ...] = setting(
        (),
        "Addresses whose owners become superusers once they have confirmed them: by the link of a "
        "mail, an invitation or a provider. An account that was there before loses its password "
        "then, and its owner chooses a new one by mail.",
    )
    superuser_group: str | None = setting(
        None, "Members of the group of this name pass every permission check."
    )
    reserved_usernames: tuple[str, ...] = setting(
        ("admin", "administrator", "root", "system", "support", "security", "staff", "moderator"),
        "Usernames that nobody can register.",
    )
    remember_days: int = setting(30, "Life of a remembered login, in days.", minimum=1)
    session_hours: int = setting(
        12, "Longest life of a login that is not remembered, in hours.", minimum=1
    )
    session_idle_minutes: int = setting(
        120, "A login that is not remembered ends after this long without a request.", minimum=1
    )
    adopt_sessions: bool | None = setting(
        None,
        "Whether a Flask-Login session that has no session row is given one. Unset: under TESTING.",
    )
    fresh_minutes: int = setting(
        15, "How long a proof of who somebody is counts as recent, in minutes.", minimum=1
    )
    verify_email_hours: int = setting(24, "How long a verification link is good for.", minimum=1)
    reset_password_minutes: int = setting(60, "How long a reset link is good for.", minimum=5)
    login_redirect: str | None = setting(
        None,
        "Where a sign-in leads without a `next`: a path, a full address or an endpoint such as "
        "`blog.home`. Unset: the front page, or the account page where there is none.",
        aliases=("LOGIN_REDIRECT_URL",),
    )
    logout_redirect: str | None = setting(
        None,
        "Where signing out leads: a path, a full address or an endpoint. Unset: the sign-in page.",
        aliases=("LOGOUT_REDIRECT_URL",),
    )
    profile_fields: tuple[str, ...] = setting(
        ("username", "first_name", "last_name"),
        "What people may change of their own account by `PATCH /api/auth/me/`.",
    )
    user_model: str | None = setting(
        None,
        "The user class as a dotted path, when it is not given in code.",
        aliases=("AUTH_USER_MODEL",),
    )
    links: Mapping[str, str] = setting(
        {},
        "Where the links of mails lead instead of to the account pages, by page, such as "
        "`{'reset_password': 'https://app.example/reset?token={token}'}`: `verify_email`, "
        "`reset_password`, `confirm_email`, `magic_link` and `accept_invitation` with the token; "
        "`request_reset_password`, `login`, `sessions`, `tokens`, `passkeys` and `connections` "
        "without. A path is one of this site.",
    )
    forms: Mapping[str, Any] = setting(
        {}, "Form classes, or their dotted paths, by page, such as `{'register': MyForm}`."
    )
    mechanisms: tuple[str, ...] = setting(
        ("session", "jwt", "token"),
        "How requests may say who asks: `session` (the cookie), `jwt` (access tokens), `token` "
        "(API tokens), `basic` (name and password with every request).",
    )

    @property
    def refuses_unconfirmed(self) -> bool:
        """Whether nobody signs in before the address is confirmed."""
        return self.verify_email and self.unconfirmed_may is None


@dataclass(frozen=True)
class PasswordSettings(Settings):
    """``LBACK_AUTH_PASSWORD_*``: what a password must be, and how it is hashed."""

    prefix: ClassVar[str] = "LBACK_AUTH_PASSWORD_"

    min_length: int = setting(
        8, "Shortest password, in characters (NIST SP 800-63B; 15 is better).", minimum=1
    )
    max_length: int = setting(128, "Longest password, in characters.", minimum=64)
    refuse_common: bool = setting(True, "Refuse passwords of the list of common ones.")
    refuse_similar: bool = setting(True, "Refuse passwords made of the username or the address.")
    argon2_time_cost: int = setting(2, "Passes of argon2id (OWASP: 2 with 19 MiB).", minimum=1)
    argon2_memory_kib: int = setting(19456, "Memory of argon2id, in KiB.", minimum=8)
    argon2_parallelism: int = setting(1, "Lanes of argon2id.", minimum=1)
    validators: tuple[Any, ...] | None = setting(
        None,
        "What a new password must pass: classes, dotted paths, or dicts of `NAME` and `OPTIONS` as "
        "in Django. Unset: the shortest length, the common ones and the owner's names, by the "
        "settings above.",
        aliases=("AUTH_PASSWORD_VALIDATORS",),
    )
    breach_lookup: Any = setting(  # noqa: RUF009 - the default is None
        None,
        "Asks for stolen passwords, as a function or its dotted path: given the first five digits "
        "of a SHA-1, it gives the rest of each that is known. Unset: nobody is asked.",
    )
    flask_security_salt: str | None = setting(
        None,
        "The salt that Flask-Security signed passwords with, to verify hashes taken over from it.",
        secret=True,
        aliases=("SECURITY_PASSWORD_SALT",),
    )


@dataclass(frozen=True)
class TokenSettings(Settings):
    """``LBACK_AUTH_JWT_*``: access and refresh tokens."""

    prefix: ClassVar[str] = "LBACK_AUTH_JWT_"

    algorithm: str = setting(
        "HS256",
        "How access tokens are signed. The last three sign with a private key, so that others can "
        "verify tokens and not make them; they need the extra `keys`.",
        choices=("HS256", "RS256", "ES256", "EdDSA"),
    )
    key: str | None = setting(
        None,
        "Key that access tokens are signed with: 32 bytes or more, or a private key as PEM text. "
        "Unset: made from SECRET_KEY.",
        secret=True,
        aliases=("JWT_SECRET_KEY",),
    )
    key_fallbacks: tuple[str, ...] = setting(
        (), "Older keys, or their public halves, whose tokens are still believed.", secret=True
    )
    issuer: str | None = setting(None, "`iss` of access tokens. Unset: the application's name.")
    audience: str | None = setting(None, "`aud` of access tokens. Unset: the issuer.")
    access_minutes: int = setting(15, "Life of an access token.", minimum=1)
    refresh_days: int = setting(30, "Life of a refresh token.", minimum=1)
    refresh_grace_seconds: int = setting(
        10, "How long the token just rotated may come again (parallel tabs).", minimum=0
    )
