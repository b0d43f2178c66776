"""One's own sessions, as JSON."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy

from ....auth.current import current_user
from ....auth.devices.names import device_name
from ....auth.freshness import personal_login, personal_login_required
from ....auth.sessions.service import SessionManager
from ....auth.views.sessions import LARGEST_KEY
from ....core import clock
from ....core.errors import Problem
from ....core.state import current_state
from ....core.translation import gettext


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    one = f"/sessions/<int(max={LARGEST_KEY}):session_id>/"
    for rule, endpoint, view, method in (
        ("/sessions/", "sessions", sessions, "GET"),
        (one, "session", end_session, "DELETE"),
        ("/sessions/end-others/", "end_other_sessions", end_other_sessions, "POST"),
    ):
        blueprint.add_url_rule(rule, endpoint, personal_login_required(view), methods=[method])


def sessions() -> ResponseReturnValue:
    """Where one is signed in, the session used last first."""
    present = personal_login().session_id
    rows = current_state()[SessionManager].of(current_user)
    return jsonify({"sessions": [_document(row, present) for row in rows]})


def end_session(session_id: int) -> ResponseReturnValue:
    """End one session, with its tokens; those of other accounts are not there."""
    state = current_state()
    user = current_user._get_current_object()
    if state[SessionManager].end_one(user, session_id) is None:
        raise Problem(404, "not_found", gettext("You have no such session."))
    state[SQLAlchemy].session.commit()
    return "", 204


def end_other_sessions() -> ResponseReturnValue:
    """End every session but this one."""
    state = current_state()
    user = current_user._get_current_object()
    count = state[SessionManager].end_all(user, but=personal_login().session_id)
    state[SQLAlchemy].session.commit()
    return jsonify({"ended": count})


def _document(row: Any, present: int | None) -> dict[str, Any]:
    return {
        "id": row.id,
        "device": device_name(row.user_agent),
        "ip_address": row.ip_address,
        "created_at": clock.written(row.created_at),
        "last_seen_at": clock.written(row.last_seen_at),
        "expires_at": clock.written(row.expires_at),
        "method": row.method,
        "is_remembered": row.is_remembered,
        "is_current": row.id == present,
    }
