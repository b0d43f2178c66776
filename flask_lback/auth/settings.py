"""Settings of the accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ..core.settings import Settings, setting
from ..limits.settings import LIMIT


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
    generic_answers: bool = setting(
        True, "Answer known and unknown addresses alike, so that nobody can ask who has an account."
    )
    admin_emails: tuple[str, ...] = setting(
        (), "Addresses that become superusers once they are verified."
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
    verify_email_hours: int = setting(24, "How long a verification link is good for.", minimum=1)
    reset_password_minutes: int = setting(60, "How long a reset link is good for.", minimum=5)
    login_redirect: str | None = setting(
        None,
        "Where a sign-in leads without a `next`. Unset: the front page, or the account page where "
        "there is none.",
        aliases=("LOGIN_REDIRECT_URL",),
    )
    logout_redirect: str | None = setting(
        None,
        "Where signing out leads. Unset: the sign-in page.",
        aliases=("LOGOUT_REDIRECT_URL",),
    )
    user_model: str | None = setting(
        None,
        "The user class as a dotted path, when it is not given in code.",
        aliases=("AUTH_USER_MODEL",),
    )
    forms: Mapping[str, Any] = setting(
        {}, "Form classes, or their dotted paths, by page, such as `{'register': MyForm}`."
    )


@dataclass(frozen=True)
class TemplateSettings(Settings):
    """``LBACK_AUTH_<PAGE>_TEMPLATE``: an application's own template for a page."""

    prefix: ClassVar[str] = "LBACK_AUTH_"

    login_template: str = setting("lback/auth/login.html", "Template of the sign-in page.")
    register_template: str = setting(
        "lback/auth/register.html", "Template of the registration page."
    )
    logout_template: str = setting(
        "lback/auth/logout.html", "Template of the page with the sign-out button."
    )
    account_template: str = setting("lback/auth/account.html", "Template of the account page.")
    verify_email_template: str = setting(
        "lback/auth/verify_email.html", "Template of the page that a verification link opens."
    )
    resend_verification_template: str = setting(
        "lback/auth/resend_verification.html",
        "Template of the page that asks for a new verification mail.",
    )
    request_reset_password_template: str = setting(
        "lback/auth/request_reset_password.html", "Template of the page that asks for a reset mail."
    )
    reset_password_template: str = setting(
        "lback/auth/reset_password.html", "Template of the page that a reset link opens."
    )
    change_password_template: str = setting(
        "lback/auth/change_password.html", "Template of the page that changes the password."
    )
    check_mail_template: str = setting(
        "lback/auth/check_mail.html", "Template of the page shown once a mail is on its way."
    )
    message_template: str = setting(
        "lback/auth/message.html", "Template of the page shown for a link that is no longer good."
    )


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


@dataclass(frozen=True)
class TokenSettings(Settings):
    """``LBACK_AUTH_JWT_*``: access and refresh tokens."""

    prefix: ClassVar[str] = "LBACK_AUTH_JWT_"

    key: str | None = setting(
        None,
        "Key that access tokens are signed with, 32 bytes or more. Unset: made from SECRET_KEY.",
        secret=True,
        aliases=("JWT_SECRET_KEY",),
    )
    issuer: str | None = setting(None, "`iss` of access tokens. Unset: the application's name.")
    audience: str | None = setting(None, "`aud` of access tokens. Unset: the issuer.")
    access_minutes: int = setting(15, "Life of an access token.", minimum=1)
    refresh_days: int = setting(30, "Life of a refresh token.", minimum=1)
    refresh_grace_seconds: int = setting(
        10, "How long the token just rotated may come again (parallel tabs).", minimum=0
    )


@dataclass(frozen=True)
class LimitSettings(Settings):
    """``LBACK_AUTH_LIMIT_*``: how often the account routes may be used."""

    prefix: ClassVar[str] = "LBACK_AUTH_LIMIT_"

    password_per_account: str = setting(
        "10 per 15 minutes", "Wrong passwords for one account, over all ways in.", pattern=LIMIT
    )
    password_per_address: str = setting(
        "60 per 5 minutes", "Wrong passwords from one address.", pattern=LIMIT
    )
    register_per_address: str = setting(
        "20 per hour", "Registrations from one address.", pattern=LIMIT
    )
    mail_per_account: str = setting(
        "5 per hour", "Mails asked for to one address book entry.", pattern=LIMIT
    )
    mail_per_address: str = setting(
        "30 per hour", "Mails asked for by one network address.", pattern=LIMIT
    )
    token_per_address: str = setting(
        "60 per hour", "Mailed tokens tried from one address.", pattern=LIMIT
    )
    refresh_per_address: str = setting(
        "120 per minute", "Refresh tokens tried from one address.", pattern=LIMIT
    )
