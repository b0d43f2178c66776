"""Pages: sign in by mailed link."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from ...core.redirects import is_safe_redirect, resolve_url, safe_redirect_target
from ...core.state import current_state, state_of
from ...core.translation import gettext
from ...exceptions import TokenError
from ..current import resolve
from ..settings import AuthSettings
from ..views.entering import enter
from ..views.page import form_for, show
from .counting import ask, look, take
from .settings import MagicLinkSettings


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this part, in applications where it is on."""
    blueprint.record(_add)


def _add(setup: BlueprintSetupState) -> None:
    if not state_of(setup.app)[MagicLinkSettings].enabled:  # type: ignore[arg-type]
        return
    both = ["GET", "POST"]
    setup.add_url_rule(
        "/magic-link/request/", "request_magic_link", request_magic_link, methods=both
    )
    setup.add_url_rule("/magic-link/", "magic_link", magic_link, methods=both)


def request_magic_link() -> ResponseReturnValue:
    """Ask for a link; every address gets the same answer."""
    target = safe_redirect_target(_default())
    if request.method == "GET" and resolve().is_authenticated:
        return redirect(target)
    form = form_for("request_magic_link", next=target)
    if not form.validate_on_submit():
        status = 400 if request.method == "POST" else 200
        return show("request_magic_link", status, form=form)
    ask(form.email.data, target)
    return show(
        "check_mail",
        title=gettext("Open your mail"),
        message=gettext("If the address has an account, a link to sign in is on its way."),
        hint=gettext("It may take a minute. Look among the spam, too."),
    )


def magic_link() -> ResponseReturnValue:
    """Take a link in: GET shows a button, POST signs in."""
    form = form_for("magic_link", token=request.args.get("token"))
    token = form.token.data or ""
    try:
        if form.validate_on_submit():
            link = take(token)
            if link.confirmed:
                flash(gettext("Your address is confirmed. Choose a password when you like."), "ok")
            target = link.target if is_safe_redirect(link.target) else _default()
            return enter(link.user, method="magic_link", target=target)
        name = look(token).user.get_username()
    except TokenError as error:
        return _refuse(error)
    status = 400 if request.method == "POST" else 200
    return show("magic_link", status, form=form, has_token=True, account_name=name)


def _refuse(error: TokenError) -> ResponseReturnValue:
    return show(
        "message",
        400,
        has_token=True,
        title=gettext("This link does not work here")
        if error.code == "other_browser"
        else gettext("The link does not work"),
        message=error.message,
        kind="warn",
        action_url=url_for("lback_auth.request_magic_link"),
        action_label=gettext("Send a new link"),
    )


def _default() -> str:
    return resolve_url(current_state()[AuthSettings].login_redirect or "lback_auth.account")
