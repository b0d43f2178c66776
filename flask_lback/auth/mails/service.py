"""The mails of the accounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...core.pages import site_name
from ...core.translation import gettext
from ...limits.service import RateLimits
from ...mail.service import Mailer
from ...tasks.runner import TaskRunner
from ..settings import AuthSettings
from ..signals import user_email_verification_initiated
from ..users.identity import address_of, greeting_of, has_confirmed_address
from ..users.mixins import key_of
from .destinations import page_url, page_url_or_none
from .links import CHANGE_EMAIL, RESET, VERIFY, LinkTokens

#: How often its owner is told that somebody registers with an address.
_EXISTS = "1 per hour"


class AccountMails:
    """What accounts are told by mail; one that has no address is told nothing.

    A mail is written in the background: the time that it takes would tell who has an account.
    """

    def __init__(
        self,
        mailer: Mailer,
        tokens: LinkTokens,
        settings: AuthSettings,
        limits: RateLimits,
        runner: TaskRunner,
        app: Any,
    ) -> None:
        self._mailer = mailer
        self._runner = runner
        self._limits = limits
        self._tokens = tokens
        self._settings = settings
        self._app = app
        self._passkeys_of: Callable[[Any], list[str]] = lambda user: []

    def list_passkeys(self, names_of: Callable[[Any], list[str]]) -> None:
        """Have the mail about a new password name the passkeys, which it has not ended."""
        self._passkeys_of = names_of

    def require_link(self, page: str) -> None:
        """Ask where a link would lead before anybody is looked for.

        Otherwise its lack would show in the answer to those who have an account alone.

        :raises ConfigError: links to that page cannot be built.
        """
        page_url(page, token="")  # nosec B106 - none

    def verify_email(self, user: Any) -> None:
        """Ask whether the address is theirs."""
        self._send(
            user,
            "verify_email",
            gettext("Confirm your address"),
            link=self._link("verify_email", VERIFY, user),
            expires_minutes=self._settings.verify_email_hours * 60,
        )
        user_email_verification_initiated.emit(self, user=user)

    def change_email(self, user: Any, email: str) -> None:
        """Ask at the new address whether it is theirs."""
        self._send(
            user,
            "change_email",
            gettext("Confirm your new address"),
            to=email,
            link=self._link("confirm_email", CHANGE_EMAIL, user, email),
            expires_minutes=self._settings.verify_email_hours * 60,
        )

    def email_change_requested(self, user: Any) -> None:
        """Tell the owner, at the old address, before anything has changed."""
        self._notify(user, "email_change_requested", gettext("Your address is to be changed"))

    def email_changed(self, user: Any, old_email: str) -> None:
        """Tell the owner, at the old address, which cannot reset the password any longer."""
        self._send(user, "email_changed", gettext("Your address was changed"), to=old_email)

    def reset_password(self, user: Any) -> None:
        """Send the link to choose a new password."""
        self._send(
            user,
            "reset_password",
            gettext("Choose a new password"),
            link=self._link("reset_password", RESET, user),
            expires_minutes=self._settings.reset_password_minutes,
        )

    def password_changed(self, user: Any) -> None:
        """Tell the owner that the password is another one, and which passkeys open the account."""
        self._notify(
            user,
            "password_changed",
            gettext("Your password was changed"),
            passkeys=self._passkeys_of(user) if has_confirmed_address(user) else [],
            passkeys_link=page_url_or_none("passkeys"),
        )

    def refresh_reused(self, user: Any) -> None:
        """Tell the owner that a sign-in was ended, since its refresh token was copied."""
        self._notify(user, "refresh_reused", gettext("A sign-in was ended"))

    def account_exists(self, user: Any) -> None:
        """Tell the owner that somebody tried to register with the address, once an hour."""
        if self._limits.allows(_EXISTS, "mail-exists", str(key_of(user))):
            self._notify(user, "account_exists", gettext("You already have an account"))

    def _notify(self, user: Any, template: str, subject: str, **context: Any) -> None:
        """A mail about what has happened: that no link can be built changes no answer."""
        link = page_url_or_none("request_reset_password")
        self._send(user, template, subject, link=link, **context)

    def _link(self, page: str, purpose: str, user: Any, *values: str) -> str:
        return page_url(page, token=self._tokens.make(purpose, user, *values))

    def _send(
        self, user: Any, template: str, subject: str, *, to: str | None = None, **context: Any
    ) -> None:
        address = to or address_of(user)
        if not address:
            return
        # An address that is not the account's own has confirmed nothing.
        name = greeting_of(user) if to is None else user.get_username()
        self._runner.run_later(
            self._mailer.send_template,
            address,
            f"{subject} - {site_name(self._app)}",
            f"lback/mail/{template}",
            user_name=name,
            **context,
        )
