"""Settings of the templates of the account pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...core.settings import Settings, setting

#: What Lback calls them.
_LBACK_NAMES = {
    "register": "register.html",
    "login": "auth_login.html",
    "request_reset_password": "request_password_reset.html",  # nosec B105
    "reset_password": "reset_password_confirm.html",  # nosec B105
}


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
    unconfirmed_template: str = setting(
        "lback/auth/unconfirmed.html",
        "Template of the page that people are led to who have yet to confirm their address.",
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
    sessions_template: str = setting(
        "lback/auth/sessions.html", "Template of the list of one's sessions."
    )
    reauthenticate_template: str = setting(
        "lback/auth/reauthenticate.html", "Template of the page that asks again who somebody is."
    )
    change_email_template: str = setting(
        "lback/auth/change_email.html", "Template of the page that changes the address."
    )
    confirm_email_template: str = setting(
        "lback/auth/confirm_email.html", "Template of the page that a link to a new address opens."
    )
    two_factor_template: str = setting(
        "lback/auth/two_factor.html", "Template of the page of the second factor."
    )
    two_factor_setup_template: str = setting(
        "lback/auth/two_factor_setup.html",
        "Template of the page that sets a second factor up.",
    )
    two_factor_verify_template: str = setting(
        "lback/auth/two_factor_verify.html", "Template of the page that asks for the second factor."
    )
    recovery_codes_template: str = setting(
        "lback/auth/recovery_codes.html", "Template of the page that shows new recovery codes."
    )
    passkeys_template: str = setting(
        "lback/auth/passkeys.html", "Template of the list of one's passkeys."
    )
    tokens_template: str = setting(
        "lback/auth/tokens.html", "Template of the list of one's API tokens."
    )
    connections_template: str = setting(
        "lback/auth/connections.html", "Template of the list of one's accounts on other sites."
    )
    invitations_template: str = setting(
        "lback/auth/invitations.html", "Template of the page that invites people."
    )
    accept_invitation_template: str = setting(
        "lback/auth/accept_invitation.html", "Template of the page that an invitation opens."
    )
    request_magic_link_template: str = setting(
        "lback/auth/request_magic_link.html",
        "Template of the page that asks for a magic link.",
    )
    magic_link_template: str = setting(
        "lback/auth/magic_link.html", "Template of the page that a link to sign in opens."
    )
    delete_account_template: str = setting(
        "lback/auth/delete_account.html", "Template of the page that deletes the account."
    )
    export_data_template: str = setting(
        "lback/auth/export_data.html", "Template of the page that exports the account's data."
    )
    check_mail_template: str = setting(
        "lback/auth/check_mail.html", "Template of the page shown once a mail is on its way."
    )
    message_template: str = setting(
        "lback/auth/message.html", "Template of the page shown for a link that is no longer good."
    )
    template_style: str | None = setting(
        None,
        "`lback`: an application's own `register.html`, `auth_login.html`, "
        "`request_password_reset.html` and `reset_password_confirm.html` are used where they are.",
        choices=(None, "lback"),
    )

    def of(self, page: str) -> list[str]:
        """The templates of a page: the first one that is there is used."""
        chosen: str = getattr(self, f"{page}_template")
        is_ours = chosen == getattr(type(self), f"{page}_template")
        if self.template_style == "lback" and is_ours and page in _LBACK_NAMES:
            return [_LBACK_NAMES[page], chosen]
        return [chosen]
