"""Change the address."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import Blueprint, abort, flash, redirect, request
from flask.typing import ResponseReturnValue

from ...core.pages import url_or_none
from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import AuthenticationError, InvalidFieldsError, TokenError
from ..addresses import Addresses
from ..current import current_user, resolve
from ..freshness import ask_again, is_fresh, personal_login_required
from ..managers import UserManager
from ..sessions.service import SessionManager
from ..users.directory import Directory
from .base import AccountView
from .page import account_url, show, to_sign_in


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    blueprint.add_url_rule("/change-email/", view_func=EmailChangeView.as_view())
    blueprint.add_url_rule("/confirm-email/", view_func=EmailChangeConfirmView.as_view())


class EmailChangeView(AccountView):
    """Ask for another address; every address gets the same answer."""

    page = "change_email"
    decorators: ClassVar = [personal_login_required]

    def dispatch_request(self) -> ResponseReturnValue:
        """GET shows the form, POST takes it in."""
        _require_addresses()
        user = current_user._get_current_object()
        form = self.get_form()
        if is_fresh():
            del form.current_password
        elif not user.has_usable_password():
            return ask_again()
        if form.validate_on_submit():
            try:
                _request(user, form)
            except AuthenticationError:
                form.add_errors({"current_password": [gettext("This is not your password.")]})
            except InvalidFieldsError as error:
                form.add_errors(error.errors)
            else:
                return self._asked()
        return self.render(form=form, email=user.email)

    def _asked(self) -> ResponseReturnValue:
        message = gettext(
            "We have sent a link to the new address. Your address changes when you open it."
        )
        return self.lead_on(message) or show(
            "check_mail",
            title=gettext("Open your mail"),
            message=message,
            hint=gettext("It may take a minute. Look among the spam, too."),
        )


def _request(user: Any, form: Any) -> None:
    if "current_password" in form:
        UserManager().confirm_password(user, form.current_password.data)
    current_state()[Addresses].request_change(user, form.email.data)


class EmailChangeConfirmView(AccountView):
    """Take a link to a new address in: GET shows a button, POST acts. It signs nobody in."""

    page = "confirm_email"

    def dispatch_request(self) -> ResponseReturnValue:
        """GET shows the button, POST changes the address."""
        _require_addresses()
        form = self.get_form(token=request.args.get("token"))
        if not form.validate_on_submit():
            return self.render(200, form=form, has_token=True)
        try:
            user = current_state()[Addresses].confirm(form.token.data)
        except TokenError as error:
            return _expired(error)
        is_here = resolve() == user
        message = gettext("Your address is changed. Other devices are signed out.")
        if is_here:
            offer_api_tokens(user)
        if (answer := self.lead_on(message)) is not None:
            return answer
        if not is_here:
            return to_sign_in(message)
        flash(message, "ok")
        return redirect(account_url())


def _expired(error: TokenError) -> ResponseReturnValue:
    return show(
        "message",
        400,
        has_token=True,
        title=gettext("The link does not work"),
        message=error.message,
        kind="warn",
        action_url=url_or_none("lback_auth.change_email"),
        action_label=gettext("Ask for a new link"),
    )


def offer_api_tokens(user: Any) -> None:
    """Say that API tokens of the account are still good, to whoever has just signed others out."""
    if count := current_state()[SessionManager].count_api_tokens(user):
        text = gettext("API tokens of your account still work: %(n)s. Look at them.", n=count)
        flash(text, "warn")


def _require_addresses() -> None:
    if not current_state()[Directory].has_email:
        abort(404)
