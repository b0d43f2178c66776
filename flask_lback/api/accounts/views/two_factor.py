"""The second factor, as JSON."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, jsonify
from flask.typing import ResponseReturnValue

from ....auth.current import current_user, present_login
from ....auth.freshness import fresh_login_required
from ....auth.second_factors import SecondFactors
from ....auth.sessions.service import SessionManager
from ....auth.two_factor.challenges import Challenges, method_of
from ....auth.two_factor.service import TwoFactor
from ....core.errors import Problem
from ....core.state import current_state
from ....core.translation import gettext
from ....exceptions import AuthenticationError, TokenError
from ....security.csrf import csrf_exempt
from ...documents import Document
from .answers import enter, refuse_foreign_session

_LONGEST_CODE = 40


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    for name, view in (
        ("enable", enable),
        ("confirm", confirm),
        ("disable", fresh_login_required(disable)),
        ("recovery-codes", fresh_login_required(recovery_codes)),
        ("verify", verify),
        ("send", send),
    ):
        endpoint = f"two_factor_{name.replace('-', '_')}"
        blueprint.add_url_rule(f"/two-factor/{name}/", endpoint, view, methods=["POST"])


def enable() -> ResponseReturnValue:
    """Begin to set a way up: the secret of an app, or a code that is sent.

    For people who are signed in, or with ``challenge`` for those who must have one first.
    """
    service, document = _service(), Document.of_request()
    challenge, method = _optional(document, "challenge"), _optional(document, "method")
    document.checked()
    user = _fresh_user() if challenge is None else _waiting(challenge)
    secret = service.begin(user, method or _first(service, user))
    if secret is None:
        return jsonify(detail=gettext("A code is on its way.")), 202
    return jsonify(secret=secret.text, otpauth_uri=secret.uri)


def confirm() -> ResponseReturnValue:
    """Take the first code in; with ``challenge`` this finishes the sign-in as well."""
    service, document = _service(), Document.of_request()
    code = document.text("code", longest=_LONGEST_CODE)
    text, given = _optional(document, "challenge"), _optional(document, "method")
    with_session, remember = document.flag("session"), document.flag("remember")
    document.checked()
    if text is None:
        return _confirm_own(service, given, code)
    refuse_foreign_session(with_session)
    method = given or _first(service, _waiting(text))
    try:
        challenge, codes = current_state()[Challenges].confirmed(text, method, code)
    except (TokenError, AuthenticationError) as error:
        raise _refusal(error) from error
    answer = enter(
        challenge.user,
        method=method_of(challenge, method),
        with_session=with_session,
        remember=remember or challenge.remember,
    )
    return jsonify({**answer.get_json(), "recovery_codes": codes})


def _confirm_own(service: TwoFactor, given: str | None, code: str) -> ResponseReturnValue:
    user, login = _fresh_user(), present_login()
    method = given or _first(service, user)
    try:
        codes = service.confirm(user, method, code, but=login.session_id if login else None)
    except AuthenticationError as error:
        raise _refusal(error) from error
    current_state()[SessionManager].rotate()
    return jsonify(recovery_codes=codes)


def disable() -> ResponseReturnValue:
    """Remove a way, or with no ``method`` all that were set up here."""
    service, document = _service(), Document.of_request()
    method = _optional(document, "method")
    document.checked()
    login = present_login()
    user = current_user._get_current_object()
    if service.disable(user, method, but=login.session_id if login else None):
        current_state()[SessionManager].rotate()
    return "", 204


def recovery_codes() -> ResponseReturnValue:
    """New recovery codes, shown once."""
    codes = _service().make_recovery_codes(current_user._get_current_object())
    return jsonify(recovery_codes=codes)


@csrf_exempt
def verify() -> ResponseReturnValue:
    """The second proof for tokens, and with ``"session": true`` for the cookie as well."""
    service, document = _service(), Document.of_request()
    text, code = document.text("challenge"), document.text("code", longest=_LONGEST_CODE)
    given = _optional(document, "method")
    with_session, remember = document.flag("session"), document.flag("remember")
    trust = document.flag("trust")
    document.checked()
    refuse_foreign_session(with_session)
    challenges = current_state()[Challenges]
    try:
        method = given or _first_way(service, challenges.read(text).user)
        challenge = challenges.verified(text, method, code)
    except (TokenError, AuthenticationError) as error:
        raise _refusal(error) from error
    answer = enter(
        challenge.user,
        method=method_of(challenge, method),
        with_session=with_session,
        remember=remember or challenge.remember,
    )
    if trust and with_session:
        service.trust(challenge.user)
    return answer


@csrf_exempt
def send() -> ResponseReturnValue:
    """Send a code to whoever waits."""
    service, document = _service(), Document.of_request()
    text, method = document.text("challenge"), document.text("method")
    document.checked()
    try:
        service.send(current_state()[Challenges].read(text).user, method)
    except TokenError as error:
        raise _refusal(error) from error
    return jsonify(detail=gettext("A code is on its way.")), 202


def _service() -> TwoFactor:
    service = current_state().get(TwoFactor)
    if service is None:
        abort(404)
    return service


@fresh_login_required
def _fresh_user() -> Any:
    return current_user._get_current_object()


def _waiting(text: str) -> Any:
    try:
        return current_state()[Challenges].for_setup(text).user
    except TokenError as error:
        raise _refusal(error) from error


def _optional(document: Document, name: str) -> str | None:
    return document.text(name) if document.has(name) else None


def _first(service: TwoFactor, user: Any) -> str:
    """The way that is set up when none is named."""
    return next(iter(service.can_set_up(user)), "")


def _first_way(service: TwoFactor, user: Any) -> str:
    """The way that a code is for when none is named."""
    ways = current_state()[SecondFactors].ways(user)
    return next((way.name for way in ways if way.name in service.settings.methods), "")


def _refusal(error: TokenError | AuthenticationError) -> Problem:
    return Problem(401, error.code, error.message)
