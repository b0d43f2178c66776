"""One's own sessions: see them, end them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy

from ...core.state import current_state
from ...core.translation import gettext
from ..current import current_user, logout_user
from ..devices.names import device_name
from ..devices.service import Devices
from ..freshness import personal_login, personal_login_required
from ..sessions.service import SessionManager
from .page import show

#: Keys of the database are not larger.
LARGEST_KEY = 2**31 - 1


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    one = f"<int(max={LARGEST_KEY}):session_id>"
    for rule, endpoint, view, method in (
        ("/sessions/", "sessions", sessions, "GET"),
        (f"/sessions/{one}/end/", "end_session", end_session, "POST"),
        ("/sessions/end-others/", "end_other_sessions", end_other_sessions, "POST"),
    ):
        guarded = personal_login_required(view)
        blueprint.add_url_rule(rule, endpoint, guarded, methods=[method])


def sessions() -> ResponseReturnValue:
    """Where one is signed in, this device first."""
    login = personal_login()
    rows = current_state()[SessionManager].of(current_user)
    rows.sort(key=lambda row: row.id != login.session_id)
    return show("sessions", sessions=[_shown(row, login.session_id) for row in rows])


def end_session(session_id: int) -> ResponseReturnValue:
    """End one session; ending the present one signs out."""
    if session_id == personal_login().session_id:
        logout_user()
        flash(gettext("You are signed out."), "ok")
        return redirect(url_for("lback_auth.login"))
    state = current_state()
    row = state[SessionManager].end_one(current_user._get_current_object(), session_id)
    if row is None:
        abort(404)
    name = device_name(row.user_agent)
    state[SQLAlchemy].session.commit()
    flash(gettext("The session on “%(device)s” has ended.", device=name), "ok")
    return redirect(url_for("lback_auth.sessions"))


def end_other_sessions() -> ResponseReturnValue:
    """End every session but this one, and trust no browser any longer."""
    state = current_state()
    user = current_user._get_current_object()
    trusted = state[Devices].distrust(user)
    count = state[SessionManager].end_all(user, but=personal_login().session_id)
    state[SQLAlchemy].session.commit()
    flash(_ended(count), "ok")
    if trusted:
        flash(gettext("Every browser is asked for the second step again."), "ok")
    return redirect(url_for("lback_auth.sessions"))


def _ended(count: int) -> str:
    if count == 1:
        return gettext("One other session has ended.")
    return gettext("%(n)s other sessions have ended.", n=count)


def _shown(row: Any, present: int | None) -> dict[str, Any]:
    device = device_name(row.user_agent)
    return {
        "row": row,
        "device": device,
        "icon": "phone" if device.endswith(("iPhone", "Android")) else "laptop",
        "method": method_in_words(row.method),
        "is_current": row.id == present,
    }


def method_in_words(method: str) -> str:
    """How somebody signed in, such as ``password and code`` for ``password+totp``."""
    words = {
        "adopted": gettext("application"),
        "magic_link": gettext("link by mail"),
        "email": gettext("code by mail"),
        "impersonation": gettext("administration"),
        "oauth": gettext("another site"),
        "passkey": gettext("passkey"),
        "password": gettext("password"),
        "recovery": gettext("recovery code"),
        "sms": gettext("code by text message"),
        "test": gettext("test"),
        "totp": gettext("code"),
    }
    parts = []
    for part in method.split("+"):
        name, _, detail = part.partition(":")
        parts.append(detail or words.get(name, name.replace("_", " ")))
    return gettext(" and ").join(parts)
