"""Change the address."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import AuthenticationError, InvalidFieldsError, TokenError
from ..addresses import Addresses
from ..current import current_user, resolve
from ..directory import Directory
from ..freshness import ask_again, is_fresh, personal_login_required
from ..managers import UserManager
from ..sessions import SessionManager
from .page import form_for, show


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    both = ["GET", "POST"]
    blueprint.add_url_rule(
        "/change-email/", "change_email", personal_login_required(change_email), methods=both
    )
    blueprint.add_url_rule("/confirm-email/", "confirm_email", confirm_email, methods=both)


def change_email() -> ResponseReturnValue:
    """Ask for another address; every address gets the same answer."""
    _require_addresses()
    user = current_user._get_current_object()
    form = form_for("change_email")
    if is_fresh():
        del form.current_password
    elif not user.has_usable_password():
        return ask_again()  # type: ignore[no-any-return]
    status = 400 if request.method == "POST" else 200
    if form.validate_on_submit():
        try:
            _request(user, form)
        except AuthenticationError:
            form.add_errors({"current_password": [gettext("This is not your password.")]})
        except InvalidFieldsError as error:
            form.add_errors(error.errors)
        else:
            return _asked()
    return show("change_email", status, form=form, email=user.email)


def _request(user: Any, form: Any) -> None:
    if "current_password" in form:
        UserManager().confirm_password(user, form.current_password.data)
    current_state()[Addresses].request_change(user, form.email.data)


def _asked() -> ResponseReturnValue:
    return show(
        "check_mail",
        title=gettext("Open your mail"),
        message=gettext(
            "We have sent a link to the new address. Your address changes when you open it."
        ),
        hint=gettext("It may take a minute. Look among the spam, too."),
    )


def confirm_email() -> ResponseReturnValue:
    """Take a link to a new address in: GET shows a button, POST acts. It signs nobody in."""
    _require_addresses()
    form = form_for("confirm_email", token=request.args.get("token"))
    if not form.validate_on_submit():
        return show("confirm_email", form=form, has_token=True)
    try:
        user = current_state()[Addresses].confirm(form.token.data)
    except TokenError as error:
        return show(
            "message",
            400,
            has_token=True,
            title=gettext("This link is no longer good"),
            message=error.message,
            kind="warn",
            action_url=url_for("lback_auth.change_email"),
            action_label=gettext("Ask for a new link"),
        )
    is_here = resolve() == user
    flash(gettext("Your address is changed. Other devices are signed out."), "ok")
    if not is_here:
        return redirect(url_for("lback_auth.login"))
    offer_api_tokens(user)
    return redirect(url_for("lback_auth.account"))


def offer_api_tokens(user: Any) -> None:
    """Say that API tokens of the account are still good, to whoever has just signed others out."""
    if count := current_state()[SessionManager].count_api_tokens(user):
        text = gettext("API tokens of your account still work: %(n)s. Look at them.", n=count)
        flash(text, "warn")


def _require_addresses() -> None:
    if not current_state()[Directory].has_email:
        abort(404)
