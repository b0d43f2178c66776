"""Register, and verify the address."""

from __future__ import annotations

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from ...core.pages import url_or_none
from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import InvalidFieldsError, TokenError
from ..managers import UserManager
from ..registering import register as make_account
from ..settings import AuthSettings
from ..users.directory import Directory
from .base import AccountView
from .page import show, to_sign_in


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    for rule, kind in (
        ("/register/", RegisterView),
        ("/verify-email/", VerifyEmailView),
        ("/resend-verification/", ResendVerificationView),
    ):
        blueprint.add_url_rule(rule, view_func=kind.as_view())


class RegisterView(AccountView):
    """Make an account; a known address gets the same answer as a new one."""

    page = "register"

    def dispatch_request(self) -> ResponseReturnValue:
        """GET shows the form, POST takes it in."""
        settings = current_state()[AuthSettings]
        if not settings.registration:
            abort(404)
        form = self.get_form()
        if form.validate_on_submit():
            try:
                make_account(form)
            except InvalidFieldsError as error:
                form.add_errors(error.errors)
            else:
                return self._registered(settings)
        return self.render(form=form)

    def _registered(self, settings: AuthSettings) -> ResponseReturnValue:
        if not (settings.verify_email and current_state()[Directory].has_email):
            ready = gettext("Your account is ready. Sign in.")
            return self.lead_on(ready) or to_sign_in(ready)
        message = gettext("We have sent a link to the address. Open it to finish.")
        return self.lead_on(message) or show(
            "check_mail",
            title=gettext("Open your mail"),
            message=message,
            hint=gettext("It may take a minute. Look among the spam, too."),
            resend_url=url_or_none("lback_auth.resend_verification"),
        )


class VerifyEmailView(AccountView):
    """Take a verification link in: GET shows a button, POST acts."""

    page = "verify_email"

    def dispatch_request(self) -> ResponseReturnValue:
        """GET shows the button, POST confirms the address."""
        form = self.get_form(token=request.args.get("token"))
        if not form.validate_on_submit():
            return self.render(200, form=form, has_token=True)
        try:
            UserManager().verify_email(form.token.data)
        except TokenError as error:
            return _expired(error)
        message = gettext("Your address is confirmed. Sign in.")
        return self.lead_on(message) or to_sign_in(message)


def _expired(error: TokenError) -> ResponseReturnValue:
    return show(
        "message",
        400,
        has_token=True,
        title=gettext("The link does not work"),
        message=error.message,
        kind="warn",
        action_url=url_or_none("lback_auth.resend_verification"),
        action_label=gettext("Send a new link"),
    )


class ResendVerificationView(AccountView):
    """Send the verification mail again; every address gets the same answer."""

    page = "resend_verification"

    def dispatch_request(self) -> ResponseReturnValue:
        """GET shows the form, POST takes it in."""
        form = self.get_form()
        if not form.validate_on_submit():
            return self.render(form=form)
        UserManager().resend_verification(form.email.data)
        message = gettext("If the address waits to be confirmed, a new link is on its way.")
        return self.lead_on(message) or show(
            "check_mail",
            title=gettext("Open your mail"),
            message=message,
            hint=gettext("It may take a minute. Look among the spam, too."),
        )
