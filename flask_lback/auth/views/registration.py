"""Register, and verify the address."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import InvalidFieldsError, TokenError
from ..directory import Directory
from ..managers import UserManager
from ..registering import register as make_account
from ..settings import AuthSettings
from .page import form_for, show


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    both = ["GET", "POST"]
    blueprint.add_url_rule("/register/", "register", register, methods=both)
    blueprint.add_url_rule("/verify-email/", "verify_email", verify_email, methods=both)
    blueprint.add_url_rule(
        "/resend-verification/", "resend_verification", resend_verification, methods=both
    )


def register() -> ResponseReturnValue:
    """Make an account; a known address gets the same answer as a new one."""
    settings = current_state()[AuthSettings]
    if not settings.registration:
        abort(404)
    form = form_for("register")
    status = 400 if request.method == "POST" else 200
    if form.validate_on_submit():
        try:
            make_account(form)
        except InvalidFieldsError as error:
            form.add_errors(error.errors)
        else:
            return _registered(settings)
    return show("register", status, form=form)


def _registered(settings: AuthSettings) -> ResponseReturnValue:
    if settings.verify_email and current_state()[Directory].has_email:
        return show(
            "check_mail",
            title=gettext("Open your mail"),
            message=gettext("We have sent a link to the address. Open it to finish."),
            hint=gettext("It may take a minute. Look among the spam, too."),
            resend_url=url_for("lback_auth.resend_verification"),
        )
    flash(gettext("Your account is ready. Sign in."), "ok")
    return redirect(url_for("lback_auth.login"))


def verify_email() -> ResponseReturnValue:
    """Take a verification link in: GET shows a button, POST acts."""
    form = form_for("verify_email", token=request.args.get("token"))
    if not form.validate_on_submit():
        return show("verify_email", form=form, has_token=True)
    try:
        UserManager().verify_email(form.token.data)
    except TokenError as error:
        return _expired(error)
    flash(gettext("Your address is confirmed. Sign in."), "ok")
    return redirect(url_for("lback_auth.login"))


def _expired(error: TokenError) -> ResponseReturnValue:
    return show(
        "message",
        400,
        has_token=True,
        title=gettext("This link is no longer good"),
        message=error.message,
        kind="warn",
        action_url=url_for("lback_auth.resend_verification"),
        action_label=gettext("Send a new link"),
    )


def resend_verification() -> ResponseReturnValue:
    """Send the verification mail again; every address gets the same answer."""
    form = form_for("resend_verification")
    if not form.validate_on_submit():
        status = 400 if request.method == "POST" else 200
        return show("resend_verification", status, form=form)
    UserManager().resend_verification(form.email.data)
    return show(
        "check_mail",
        title=gettext("Open your mail"),
        message=gettext("If the address waits to be confirmed, a new link is on its way."),
        hint=gettext("It may take a minute. Look among the spam, too."),
    )
