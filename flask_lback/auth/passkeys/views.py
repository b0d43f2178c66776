"""Pages: passkeys. A script of ours asks the device; what it answers comes as a form."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable, Sequence
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from ...core.errors import Problem
from ...core.redirects import resolve_url, safe_redirect_target
from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import AuthenticationError, InvalidFieldsError, TokenError
from ..current import resolve
from ..freshness import (
    fresh_login_required,
    is_fresh,
    personal_login,
    personal_login_required,
    prove_again,
)
from ..second_factors import Way
from ..sessions.service import SessionManager
from ..settings import AuthSettings
from ..views.entering import CHALLENGE, enter
from ..views.page import form_for, show
from . import second_step
from .ceremonies import REAUTHENTICATE, SECOND_STEP, SIGN_IN
from .forms import AnswerForm, NameForm
from .service import Passkeys, present_passkeys
from .settings import PasskeySettings

#: What the forms of this browser are known by, in Flask's session: a challenge is answered where
#: it was asked. It is there before a page asks anything, so two questions at once do not differ.
_BROWSER = "csrf_token"


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this part."""
    own, fresh = personal_login_required, fresh_login_required
    for path, endpoint, view, methods in (
        ("", "passkeys", own(passkeys), ["GET"]),
        ("options/", "passkey_options", fresh(options), ["POST"]),
        ("add/", "add_passkey", fresh(add), ["POST"]),
        ("<int:key>/rename/", "rename_passkey", own(rename), ["POST"]),
        ("<int:key>/remove/", "remove_passkey", fresh(remove), ["POST"]),
        ("sign-in/options/", "passkey_sign_in_options", sign_in_options, ["POST"]),
        ("sign-in/", "passkey_sign_in", sign_in, ["POST"]),
        ("verify/options/", "passkey_verify_options", verify_options, ["POST"]),
        ("verify/", "passkey_verify", verify, ["GET", "POST"]),
        (
            *("reauthenticate/options/", "passkey_reauthenticate_options"),
            *(own(reauthenticate_options), ["POST"]),
        ),
        ("reauthenticate/", "passkey_reauthenticate", own(reauthenticate), ["GET", "POST"]),
    ):
        blueprint.add_url_rule(f"/passkeys/{path}", endpoint, _when_on(view), methods=methods)


def _when_on(view: Callable[..., Any]) -> Callable[..., Any]:
    """Where passkeys are off there is nothing, for nobody."""

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        present_passkeys()
        return view(*args, **kwargs)

    return guarded


def passkeys() -> ResponseReturnValue:
    """One's passkeys."""
    return _list(form_for("passkeys"))


def options() -> ResponseReturnValue:
    """What the browser needs to make a passkey, for the script."""
    return _never_stored(present_passkeys().begin_adding(resolve(), browser=_browser()))


def add() -> ResponseReturnValue:
    """Keep the passkey that was made."""
    service, form = present_passkeys(), form_for("passkeys")
    if not form.validate_on_submit():
        return _list(form, 400)
    answer = (form.credential.data, form.ceremony.data)
    try:
        passkey = service.add(
            resolve(),
            *answer,
            browser=_browser(),
            name=form.name.data or "",
            but=personal_login().session_id,
        )
    except AuthenticationError as error:
        form.form_errors.append(error.message)
        return _list(form, 400)
    except InvalidFieldsError as error:
        form.add_errors(error.errors)
        return _list(form, 400)
    current_state()[SessionManager].rotate()
    name = passkey.name
    flash(gettext("%(name)s is ready to use. Other devices are signed out.", name=name), "ok")
    return _to_list()


def rename(key: int) -> ResponseReturnValue:
    """Call a passkey something else."""
    service, form = present_passkeys(), NameForm()
    passkey = _own(service, key)
    try:
        if form.validate_on_submit():
            service.rename(passkey, form.name.data or "")
            flash(gettext("Saved."), "ok")
        else:
            flash(" ".join(form.errors.get("name", [gettext("Not saved.")])), "danger")
    except InvalidFieldsError as error:
        flash(" ".join(*error.errors.values()), "danger")
    return _to_list()


def remove(key: int) -> ResponseReturnValue:
    """Take a passkey away."""
    service = present_passkeys()
    passkey = _own(service, key)
    name = passkey.name
    try:
        service.remove(resolve(), passkey, but=personal_login().session_id)
    except InvalidFieldsError as error:
        flash(" ".join(*error.errors.values()), "danger")
    else:
        current_state()[SessionManager].rotate()
        text = gettext(
            "%(name)s no longer opens your account. Other devices are signed out.", name=name
        )
        flash(text, "ok")
    return _to_list()


def sign_in_options() -> ResponseReturnValue:
    """What the browser needs to sign in, whoever it is, for the script."""
    return _never_stored(_for_sign_in().begin_using(SIGN_IN, browser=_browser()))


def sign_in() -> ResponseReturnValue:
    """Sign in with a passkey alone."""
    service, form = _for_sign_in(), AnswerForm()
    chosen = current_state()[AuthSettings].login_redirect
    target = safe_redirect_target(resolve_url(chosen or "lback_auth.account"))
    user = _used(service, SIGN_IN, form)
    if user is None:
        return redirect(url_for("lback_auth.login", next=target))
    return enter(user, method="passkey", target=target, remember=bool(form.remember.data))


def verify_options() -> ResponseReturnValue:
    """What the browser needs for the second step, for the script."""
    service = present_passkeys()
    try:
        user = second_step.waiting(session.get(CHALLENGE, "")).user
    except TokenError as error:
        raise Problem(401, error.code, error.message) from error
    return _never_stored(service.begin_using(SECOND_STEP, browser=_browser(), user=user))


def verify() -> ResponseReturnValue:
    """The second step by a passkey, after a password or a link."""
    service, challenge, form = present_passkeys(), session.get(CHALLENGE, ""), AnswerForm()
    try:
        if request.method == "GET":
            held = second_step.waiting(challenge)
            others = second_step.other_ways(held.user)
            return _ask("passkey_verify", gettext("One more step"), held.target, others)
        if (answer := _answer(form)) is not None:
            held = second_step.passed(service, challenge, *answer, browser=_browser())
            session.pop(CHALLENGE, None)
            return enter(
                held.user,
                method=second_step.method_of(held),
                target=held.target or url_for("lback_auth.account"),
                remember=held.remember,
            )
    except TokenError as error:
        session.pop(CHALLENGE, None)
        flash(error.message, "warn")
        return redirect(url_for("lback_auth.login"))
    except AuthenticationError as error:
        flash(error.message, "danger")
    return redirect(url_for("lback_auth.passkey_verify"))


def reauthenticate_options() -> ResponseReturnValue:
    """What the browser needs to prove again whose it is, for the script."""
    service = present_passkeys()
    return _never_stored(service.begin_using(REAUTHENTICATE, browser=_browser(), user=resolve()))


def reauthenticate() -> ResponseReturnValue:
    """Prove by a passkey that the person is still the same: one of the same account."""
    service, user = present_passkeys(), resolve()
    target = safe_redirect_target(url_for("lback_auth.account"))
    if request.method == "GET":
        return _ask("passkey_reauthenticate", gettext("Is it still you?"), target)
    if _used(service, REAUTHENTICATE, AnswerForm(), user) is None:
        return redirect(url_for("lback_auth.passkey_reauthenticate", next=target))
    prove_again(user, method="passkey")
    return redirect(target)


def _used(service: Passkeys, purpose: str, form: AnswerForm, user: Any = None) -> Any:
    """Whom the answer proves; None, and a message, when it proves nobody."""
    if (answer := _answer(form)) is None:
        return None
    try:
        return service.use(purpose, *answer, browser=_browser(), user=user)
    except AuthenticationError as error:
        flash(error.message, "danger")
        return None


def _answer(form: AnswerForm) -> tuple[str, str] | None:
    """What the device has said, and the text that it was asked with."""
    if form.validate_on_submit():
        return form.credential.data or "", form.ceremony.data or ""
    flash(gettext("This passkey was not accepted. Try again, or use another way."), "danger")
    return None


def _list(form: Any, status: int = 200) -> Response:
    service = present_passkeys()
    return show(
        "passkeys",
        status,
        form=form,
        passkeys=service.of(resolve()),
        obstacle=service.obstacle(),
        fresh=is_fresh(),
        asked_after_password=current_state()[PasskeySettings].second_factor,
    )


def _ask(endpoint: str, title: str, target: str, others: Sequence[Way] = ()) -> Response:
    page = render_template(
        current_state()[PasskeySettings].verify_template,
        title=title,
        action=url_for(f"lback_auth.{endpoint}"),
        options_url=url_for(f"lback_auth.{endpoint}_options"),
        obstacle=present_passkeys().obstacle(),
        next_url=target,
        others=others,
    )
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


def _for_sign_in() -> Passkeys:
    service = present_passkeys()
    if not service.sign_in_allowed:
        raise NotFound
    return service


def _own(service: Passkeys, key: int) -> Any:
    passkey = service.get(resolve(), key)
    if passkey is None:
        raise NotFound
    return passkey


def _browser() -> str:
    word: str = session.setdefault(_BROWSER, secrets.token_hex(20))
    return word


def _to_list() -> ResponseReturnValue:
    return redirect(url_for("lback_auth.passkeys"))


def _never_stored(document: dict[str, Any]) -> Response:
    response = jsonify(document)
    response.headers["Cache-Control"] = "no-store"
    return response
