"""The page that sets a second factor up: for people who are signed in, and for those who must."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import AuthenticationError, TokenError
from ..current import current_user, present_login, resolve
from ..freshness import fresh_login_required
from ..sessions.service import SessionManager
from ..views.entering import CHALLENGE, enter
from ..views.page import form_for, show
from .apps import TOTP
from .challenges import Challenges, method_of
from .drawing import qr_code
from .service import TwoFactor, label_of
from .verifying import start_again


def set_up() -> ResponseReturnValue:
    """Show the secret, or send a code, and take the first code in."""
    if CHALLENGE in session and not resolve().is_authenticated:
        try:
            return _for_waiting(session[CHALLENGE])
        except TokenError as error:
            return start_again(error)
    return _for_owner()


@fresh_login_required
def _for_owner() -> ResponseReturnValue:
    service, user = current_state()[TwoFactor], current_user._get_current_object()
    form, method = _form(service, user)
    if "send" in request.form:
        return _send(service, user, method)
    if form.validate_on_submit():
        login = present_login()
        try:
            codes = service.confirm(
                user, method, form.code.data, but=login.session_id if login else None
            )
        except AuthenticationError as error:
            form.add_errors({"code": [error.message]})
        else:
            current_state()[SessionManager].rotate()
            return _done(codes, url_for("lback_auth.two_factor"))
    return _ask(service, user, form, method)


def _for_waiting(text: str) -> ResponseReturnValue:
    """Nobody is signed in before the first code was right.

    :raises TokenError: the challenge is no longer good.
    """
    service, challenges = current_state()[TwoFactor], current_state()[Challenges]
    challenge = challenges.for_setup(text)
    form, method = _form(service, challenge.user)
    if "send" in request.form:
        return _send(service, challenge.user, method)
    if form.validate_on_submit():
        try:
            challenge, codes = challenges.confirmed(text, method, form.code.data)
        except AuthenticationError as error:
            form.add_errors({"code": [error.message]})
        else:
            session.pop(CHALLENGE, None)
            target = challenge.target or url_for("lback_auth.account")
            entered = enter(
                challenge.user,
                method=method_of(challenge, method),
                target=target,
                remember=challenge.remember,
            )
            return _done(codes, target) if codes else entered
    return _ask(service, challenge.user, form, method)


def _form(service: TwoFactor, user: Any) -> tuple[Any, str]:
    """The form, and the way that it is for."""
    form, offered = form_for("two_factor_setup"), service.can_set_up(user)
    wanted = form.method.data or request.args.get("method")
    return form, wanted if wanted in offered else next(iter(offered), TOTP)


def _send(service: TwoFactor, user: Any, method: str) -> ResponseReturnValue:
    if service.sends(method):
        service.begin(user, method)
        flash(gettext("A code is on its way. It may take a minute."), "ok")
    return redirect(url_for("lback_auth.two_factor_setup", method=method))


def _ask(service: TwoFactor, user: Any, form: Any, method: str) -> ResponseReturnValue:
    secret = None
    if method == TOTP:
        # After a wrong code the same secret: the app has it already.
        secret = service.begun(user) if request.method == "POST" else None
        secret = secret or service.begin(user, method)
    form.method.data = method
    return show(
        "two_factor_setup",
        400 if request.method == "POST" else 200,
        form=form,
        method=method,
        label=label_of(method),
        secret=secret,
        drawing=None if secret is None else qr_code(secret.uri),
        is_waiting=not resolve().is_authenticated,
        others=[(name, label_of(name)) for name in service.can_set_up(user) if name != method],
    )


def _done(codes: list[str], target: str) -> ResponseReturnValue:
    if codes:
        return show("recovery_codes", form=None, codes=codes, next_url=target, is_new=True)
    flash(gettext("The second step is set up. Other devices are signed out."), "ok")
    return redirect(target)
