"""Passkeys, as JSON."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from ....auth.current import resolve
from ....auth.freshness import (
    fresh_login_required,
    personal_login,
    personal_login_required,
    prove_again,
)
from ....auth.passkeys import second_step
from ....auth.passkeys.ceremonies import REAUTHENTICATE, SECOND_STEP, SIGN_IN
from ....auth.passkeys.service import Passkeys, present_passkeys
from ....auth.sessions.service import SessionManager
from ....core import clock
from ....core.errors import Problem
from ....core.state import current_state
from ....core.translation import gettext
from ....exceptions import AuthenticationError, InvalidFieldsError, TokenError
from ....security.csrf import csrf_exempt
from ...documents import Document
from .answers import enter, refuse_foreign_session

#: A client without cookies: the signed text alone goes back and forth.
_NO_BROWSER = ""


class PasskeyDocument(Document):
    """A body with what a browser's ``PublicKeyCredential.toJSON()`` gives."""

    def credential(self) -> str:
        """The answer of the device, as JSON."""
        value = self._values.get("credential")
        if not isinstance(value, dict):
            self._errors["credential"] = [gettext("This must be an object.")]
            return ""
        return json.dumps(value)

    def text_if_any(self, name: str) -> str:
        """A text that may be left out."""
        return self.text(name) if self.has(name) else ""


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    own, fresh = personal_login_required, fresh_login_required
    for path, endpoint, view, method in (
        ("", "passkeys", own(passkeys), "GET"),
        ("", "add_passkey", fresh(add), "POST"),
        ("options/", "passkey_options", fresh(options), "POST"),
        ("<int:key>/", "rename_passkey", own(rename), "PATCH"),
        ("<int:key>/", "remove_passkey", fresh(remove), "DELETE"),
        ("sign-in/options/", "passkey_sign_in_options", sign_in_options, "POST"),
        ("sign-in/", "passkey_sign_in", sign_in, "POST"),
        (
            *("reauthenticate/options/", "passkey_reauthenticate_options"),
            *(own(reauthenticate_options), "POST"),
        ),
        ("reauthenticate/", "passkey_reauthenticate", own(reauthenticate), "POST"),
    ):
        blueprint.add_url_rule(f"/passkeys/{path}", endpoint, view, methods=[method])


def passkeys() -> ResponseReturnValue:
    """One's passkeys."""
    return jsonify({"passkeys": [_document(row) for row in present_passkeys().of(resolve())]})


def options() -> ResponseReturnValue:
    """What a browser needs to make a passkey."""
    return jsonify(present_passkeys().begin_adding(resolve(), browser=_NO_BROWSER))


def add() -> ResponseReturnValue:
    """Keep the passkey that was made; every other session ends."""
    service, document = present_passkeys(), _body()
    answer = (document.credential(), document.text("ceremony"))
    name = document.text_if_any("name")
    document.checked()
    but = personal_login().session_id
    try:
        passkey = service.add(resolve(), *answer, browser=_NO_BROWSER, name=name, but=but)
    except AuthenticationError as error:
        raise Problem(400, error.code, error.message) from error
    except InvalidFieldsError as error:
        raise _invalid(error) from error
    current_state()[SessionManager].rotate()
    return jsonify(_document(passkey)), 201


def rename(key: int) -> ResponseReturnValue:
    """Call a passkey something else."""
    service, document = present_passkeys(), _body()
    name = document.text("name")
    document.checked()
    passkey = _own(service, key)
    try:
        service.rename(passkey, name)
    except InvalidFieldsError as error:
        raise _invalid(error) from error
    return jsonify(_document(passkey))


def remove(key: int) -> ResponseReturnValue:
    """Take a passkey away; every other session ends."""
    service = present_passkeys()
    try:
        service.remove(resolve(), _own(service, key), but=personal_login().session_id)
    except InvalidFieldsError as error:
        [[message]] = error.errors.values()
        raise Problem(409, "last_way_in", message) from error
    current_state()[SessionManager].rotate()
    return "", 204


@csrf_exempt
def sign_in_options() -> ResponseReturnValue:
    """What a browser needs to sign in, or to take the second step of ``challenge``."""
    service, document = present_passkeys(), _body()
    text = document.text_if_any("challenge")
    document.checked()
    if text:
        try:
            user = second_step.waiting(text).user
        except TokenError as error:
            raise Problem(401, error.code, error.message) from error
        return jsonify(service.begin_using(SECOND_STEP, browser=_NO_BROWSER, user=user))
    _require_sign_in(service)
    return jsonify(service.begin_using(SIGN_IN, browser=_NO_BROWSER))


@csrf_exempt
def sign_in() -> ResponseReturnValue:
    """A passkey for tokens: alone, or as the second step of ``challenge``."""
    service, document = present_passkeys(), _body()
    answer = (document.credential(), document.text("ceremony"))
    text = document.text_if_any("challenge")
    with_session, remember = document.flag("session"), document.flag("remember")
    document.checked()
    refuse_foreign_session(with_session)
    if not text:
        _require_sign_in(service)
        user = _used(service, SIGN_IN, answer)
        return enter(user, method="passkey", with_session=with_session, remember=remember)
    try:
        held = second_step.passed(service, text, *answer, browser=_NO_BROWSER)
    except (AuthenticationError, TokenError) as error:
        raise Problem(401, error.code, error.message) from error
    return enter(
        held.user,
        method=second_step.method_of(held),
        with_session=with_session,
        remember=held.remember,
    )


def reauthenticate_options() -> ResponseReturnValue:
    """What a browser needs to prove again whose it is."""
    service = present_passkeys()
    return jsonify(service.begin_using(REAUTHENTICATE, browser=_NO_BROWSER, user=resolve()))


def reauthenticate() -> ResponseReturnValue:
    """Prove by a passkey that the person is still the same: one of the same account."""
    service, document = present_passkeys(), _body()
    answer = (document.credential(), document.text("ceremony"))
    document.checked()
    user = resolve()
    _used(service, REAUTHENTICATE, answer, user)
    prove_again(user, method="passkey")
    return jsonify({"detail": gettext("It is you.")})


def _body() -> PasskeyDocument:
    return PasskeyDocument.of_request()  # type: ignore[return-value]


def _used(service: Passkeys, purpose: str, answer: tuple[str, str], user: Any = None) -> Any:
    try:
        return service.use(purpose, *answer, browser=_NO_BROWSER, user=user)
    except AuthenticationError as error:
        raise Problem(401, error.code, error.message) from error


def _require_sign_in(service: Passkeys) -> None:
    if not service.sign_in_allowed:
        raise NotFound


def _own(service: Passkeys, key: int) -> Any:
    passkey = service.get(resolve(), key)
    if passkey is None:
        raise NotFound
    return passkey


def _invalid(error: InvalidFieldsError) -> Problem:
    return Problem(400, "invalid", gettext("Some fields need a change."), errors=error.errors)


def _document(passkey: Any) -> dict[str, Any]:
    used = passkey.last_used_at
    return {
        "id": passkey.id,
        "name": passkey.name,
        "created_at": clock.written(passkey.created_at),
        "last_used_at": None if used is None else clock.written(used),
        "backed_up": passkey.is_backed_up,
    }
