"""The page of one's API tokens."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ...core.state import current_state, state_of
from ...core.translation import gettext
from ...exceptions import InvalidFieldsError
from ..current import resolve
from ..freshness import fresh_login_required, is_fresh, personal_login_required
from ..mechanisms import auth_required
from ..views.page import form_for, show
from .forms import ALL, choices_of
from .service import ApiTokens
from .settings import ApiTokenSettings

#: Lives that the form offers, in days; 0 stands for one without an end.
_LIVES = (7, 30, 90, 180, 365)
_NEVER = 0
#: Half the range that a database may have for keys; no key is longer.
_ONE = "/tokens/<int(max=2147483647):token_id>/end/"


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this part, in applications where it is on."""
    blueprint.record(_add)


def _add(setup: Any) -> None:
    if not state_of(setup.app)[ApiTokenSettings].enabled:
        return
    setup.add_url_rule("/tokens/", "tokens", tokens, methods=["GET", "POST"])
    setup.add_url_rule(_ONE, "end_token", end, methods=["POST"])
    setup.add_url_rule("/tokens/end-all/", "end_all_tokens", end_all, methods=["POST"])


@auth_required("session", "jwt")
@personal_login_required
def tokens() -> ResponseReturnValue:
    """The tokens, and the form for another one."""
    return make() if request.method == "POST" else _page(_form())


@fresh_login_required
def make() -> ResponseReturnValue:
    """Make a token, and show it this once."""
    form = _form()
    if not form.validate_on_submit():
        return _page(form, 400)
    days = form.days.data
    try:
        row, text = current_state()[ApiTokens].make(
            resolve(),
            form.name.data,
            scopes=_scopes(form),
            life=None if days == _NEVER else dt.timedelta(days=days),
        )
    except InvalidFieldsError as error:
        form.add_errors(error.errors)
        return _page(form, 400)
    return _page(_form(empty=True), 201, new_token=row, new_text=text)


@auth_required("session", "jwt")
@personal_login_required
def end(token_id: int) -> ResponseReturnValue:
    """End one token."""
    if not current_state()[ApiTokens].revoke(resolve(), token_id):
        abort(404)
    flash(gettext("The token has ended."), "ok")
    return redirect(url_for("lback_auth.tokens"))


@auth_required("session", "jwt")
@personal_login_required
def end_all() -> ResponseReturnValue:
    """End every token."""
    count = current_state()[ApiTokens].revoke_all(resolve())
    flash(gettext("%(n)s tokens have ended.", n=count), "ok")
    return redirect(url_for("lback_auth.tokens"))


def _page(form: Any, status: int = 200, **context: Any) -> ResponseReturnValue:
    return show(
        "tokens",
        status,
        tokens=current_state()[ApiTokens].alive(resolve()),
        form=form if is_fresh() else None,
        **context,
    )


def _form(*, empty: bool = False) -> Any:
    state = current_state()
    settings, service = state[ApiTokenSettings], state[ApiTokens]
    form = form_for("tokens", **({"formdata": None} if empty else {}))
    usual = service.usual_life.days
    lives = sorted({usual, *(days for days in _LIVES if days <= settings.max_days)})
    offered = [(days, gettext("In %(n)s days", n=days)) for days in lives]
    form.days.choices = choices_of([*offered, *([(_NEVER, gettext("Never"))] * settings.never)])
    if not form.is_submitted() or empty:
        form.days.data, form.access.data = usual, ALL
    names = service.permissions_for(resolve())
    form.scopes.choices = choices_of((name, name) for name in names)
    if not names:
        del form.access, form.scopes
    return form


def _scopes(form: Any) -> list[str] | None:
    """What was chosen; None for everything. A form that says neither gives nothing away."""
    if "access" not in form or form.access.data == ALL:
        return None
    return list(form.scopes.data or ())
