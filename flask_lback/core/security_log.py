"""The security log: one line of JSON for each event that somebody may have to look into later.

OWASP ASVS 16.2 and 16.3. Its logger is ``flask_lback.audit``: what was done is told at level
INFO, what was refused at WARNING. Quotes and control characters are escaped by JSON.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from flask import has_request_context, request

from . import clock

logger = logging.getLogger("flask_lback.audit")


def origin() -> tuple[str, str]:
    """Address and agent of this request, as long as their columns are."""
    if not has_request_context():
        return "", ""
    return (request.remote_addr or "")[:45], request.user_agent.string[:255]


def write_event(action: str, outcome: str, **values: Any) -> None:
    """Write a line.

    :param action: such as ``auth.login``.
    :param outcome: ``ok`` or ``refused``.
    :param values: more about it; never a secret.
    """
    address, agent = origin()
    line = {
        "action": action,
        "outcome": outcome,
        "happened_at": clock.now().isoformat(),
        "ip_address": address,
        "user_agent": agent,
        **values,
    }
    level = logging.INFO if outcome == "ok" else logging.WARNING
    logger.log(level, "%s", json.dumps(line, default=str))


def write_refusal(action: str, **values: Any) -> None:
    """Write that a request was refused, where no row is kept of it.

    For what anybody can send without end: a row for each would let them fill the database.

    :param action: such as ``security.csrf``.
    """
    if has_request_context():
        values = {"method": request.method, "path": request.path[:255], **values}
    write_event(action, "refused", **values)
