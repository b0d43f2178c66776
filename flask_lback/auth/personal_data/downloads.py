"""The export as a download."""

from __future__ import annotations

import re

from flask import Response, current_app, stream_with_context
from flask_sqlalchemy import SQLAlchemy

from ...core import clock
from ...core.pages import site_name
from ...core.state import current_state
from ...limits.service import RateLimits
from ..audit.service import Audit
from ..current import resolve
from ..users.mixins import key_of
from .export import Exports
from .mails import PersonalDataMails
from .settings import PersonalDataSettings
from .signals import personal_data_exported


def download() -> Response:
    """What is kept of the present account, as a file; it is noted, and its owner is told.

    :raises Problem: 429, there were too many.
    """
    state, user = current_state(), resolve()
    limit = state[PersonalDataSettings].export_limit
    state[RateLimits].hit(limit, "export", str(key_of(user)))
    state[Audit].record("auth.data_exported", user, actor=user)
    state[SQLAlchemy].session.commit()
    exports = state[Exports]
    personal_data_exported.emit(exports, user=user)
    state[PersonalDataMails].exported(user)
    response = Response(stream_with_context(exports.write(user)), mimetype="application/json")
    response.headers.set("Content-Disposition", "attachment", filename=_filename())
    response.headers["Cache-Control"] = "no-store"
    return response


def _filename() -> str:
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    site = re.sub(r"[^a-z0-9]+", "-", site_name(app).lower()).strip("-") or "site"
    return f"{site}-{clock.now():%Y-%m-%d}.json"
