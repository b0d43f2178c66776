"""The page of the second step."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import AuthenticationError, TokenError
from ..entrance import Challenge
from ..second_factors import SecondFactors, Way
from ..views.entering import CHALLENGE, enter
from ..views.page import form_for, show
from .challenges import Challenges, method_of
from .recovery import RECOVERY
from .service import TwoFactor, label_of

_PAGE = "lback_auth.two_factor_verify"


def verify() -> ResponseReturnValue:
    """Ask for the second proof, and finish the sign-in."""
    challenges = current_state()[Challenges]
    text = session.get(CHALLENGE, "")
    try:
        challenge = challenges.read(text)
        form = form_for("two_factor_verify")
        way = _way(challenge, form.method.data or request.args.get("method"))
        if way is None or way.endpoint != _PAGE:
            return _elsewhere(challenge, way)
        if form.validate_on_submit():
            try:
                held = challenges.verified(text, way.name, form.code.data)
            except AuthenticationError as error:
                form.add_errors({"code": [error.message]})
            else:
                return _enter(held, way, trust=bool(form.trust.data))
    except TokenError as error:
        return start_again(error)
    return _ask(form, challenge, way)


def send() -> ResponseReturnValue:
    """Send a code to whoever waits for the second step."""
    challenges, service = current_state()[Challenges], current_state()[TwoFactor]
    method = request.form.get("method", "")
    try:
        service.send(challenges.read(session.get(CHALLENGE, "")).user, method)
    except TokenError as error:
        return start_again(error)
    flash(gettext("A code is on its way. It may take a minute."), "ok")
    return redirect(url_for(_PAGE, method=method))


def start_again(error: TokenError) -> ResponseReturnValue:
    """Whoever has no challenge, or an old one, signs in first."""
    if session.pop(CHALLENGE, None) is not None:
        flash(error.message, "warn")
    return redirect(url_for("lback_auth.login"))


def _way(challenge: Challenge, name: str | None) -> Way | None:
    """The way that was asked for, or the first one of the account."""
    ways = current_state()[SecondFactors].ways(challenge.user)
    return next((way for way in ways if way.name == name), ways[0] if ways else None)


def _elsewhere(challenge: Challenge, way: Way | None) -> ResponseReturnValue:
    if way is not None:
        return redirect(url_for(way.endpoint))
    if current_state()[TwoFactor].must_set_up(challenge.user):
        return redirect(url_for("lback_auth.two_factor_setup"))
    # The last way was taken from the account meanwhile.
    return start_again(TokenError(gettext("Sign in again."), "invalid_challenge"))


def _enter(challenge: Challenge, way: Way, *, trust: bool) -> ResponseReturnValue:
    session.pop(CHALLENGE, None)
    response = enter(
        challenge.user,
        method=method_of(challenge, way.name),
        target=challenge.target or url_for("lback_auth.account"),
        remember=challenge.remember,
    )
    if trust:
        current_state()[TwoFactor].trust(challenge.user)
    return response


def _ask(form: Any, challenge: Challenge, way: Way) -> ResponseReturnValue:
    service = current_state()[TwoFactor]
    if way.name == RECOVERY:  # it has letters, for which a phone must not show digits alone
        words = {"inputmode": "text", "autocomplete": "off", "autocapitalize": "characters"}
        form.code.label.text = gettext("Recovery code")
        form.code.render_kw = {**form.code.render_kw, **words}
    return show(
        "two_factor_verify",
        401 if request.method == "POST" else 200,
        form=form,
        method=way.name,
        label=label_of(way.name),
        is_sent=service.sends(way.name),
        is_recovery=way.name == RECOVERY,
        trust_days=service.settings.trust_days,
        others=[
            other
            for other in current_state()[SecondFactors].ways(challenge.user)
            if other.name != way.name
        ],
    )
