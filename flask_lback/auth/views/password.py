"""Reset and change a password."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import InvalidFieldsError, TokenError
from ..current import current_user
from ..first_password import choose_password
from ..freshness import ask_again, is_fresh, personal_login, personal_login_required
from ..managers import UserManager
from ..sessions import SessionManager
from .addresses import offer_api_tokens
from .base import AccountView
from .page import form_for, show


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    both = ["GET", "POST"]
    blueprint.add_url_rule(
        "/request-reset-password/", "request_reset_password", request_reset_password, methods=both
    )
    blueprint.add_url_rule("/reset-password/", "reset_password", reset_password, methods=both)
    blueprint.add_url_rule(
        "/change-password/", view_func=PasswordChangeView.as_view("change_password")
    )


def request_reset_password() -> ResponseReturnValue:
    """Ask for a reset mail; every address gets the same answer."""
    form = form_for("request_reset_password")
    if not form.validate_on_submit():
        status = 400 if request.method == "POST" else 200
        return show("request_reset_password", status, form=form)
    UserManager().request_password_reset(form.email.data)
    return show(
        "check_mail",
        title=gettext("Open your mail"),
        message=gettext(
            "If the address has an account, a link to choose a password is on its way."
        ),
        hint=gettext("It may take a minute. Look among the spam, too."),
    )


def reset_password() -> ResponseReturnValue:
    """Choose a new password through a link. Nobody is signed in by it (OWASP)."""
    form = form_for("reset_password", token=request.args.get("token"))
    manager = UserManager()
    try:
        user = manager.check_reset_token(form.token.data or "")
        if form.validate_on_submit():
            manager.reset_password(form.token.data, form.new_password.data)
            flash(gettext("Your password is changed. Sign in with the new one."), "ok")
            return redirect(url_for("lback_auth.login"))
    except InvalidFieldsError as error:
        form.add_errors(error.errors)
    except TokenError as error:
        return show(
            "message",
            400,
            has_token=True,
            title=gettext("This link is no longer good"),
            message=error.message,
            kind="warn",
            action_url=url_for("lback_auth.request_reset_password"),
            action_label=gettext("Send a new link"),
        )
    status = 400 if request.method == "POST" else 200
    name = user.get_username()
    return show("reset_password", status, form=form, has_token=True, account_name=name)


class PasswordChangeView(AccountView):
    """Choose a new password while signed in; every other session ends.

    An account without one chooses its first, after a fresh sign-in.
    """

    page = "change_password"
    decorators: ClassVar = [personal_login_required]

    def dispatch_request(self) -> ResponseReturnValue:
        """GET shows the form, POST takes it in."""
        user = current_user._get_current_object()
        form = self.get_form()
        if not user.has_usable_password():
            if not is_fresh():
                return ask_again()  # type: ignore[no-any-return]
            del form.current_password
        if form.validate_on_submit():
            try:
                _change(user, form)
            except InvalidFieldsError as error:
                form.add_errors(error.errors)
            else:
                current_state()[SessionManager].rotate(proved=True)
                flash(gettext("Your password is changed. Other devices are signed out."), "ok")
                offer_api_tokens(user)
                return redirect(self.success_url or url_for("lback_auth.account"))
        return self.render(400 if request.method == "POST" else 200, form=form)


def _change(user: Any, form: Any) -> None:
    present, new = personal_login().session_id, form.new_password.data
    if "current_password" in form:
        UserManager().change_password(user, form.current_password.data, new, but=present)
    else:
        choose_password(user, new, but=present)
