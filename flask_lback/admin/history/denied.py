"""Note what the panel refuses to people who are signed in."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from flask import g, request

from ...auth.audit.service import Audit
from ...auth.current import resolve
from ...auth.users.mixins import key_of
from ...core import security_log
from ...core.errors import Problem
from ...core.state import current_state
from ...limits.service import RateLimits, caller

F = TypeVar("F", bound=Callable[..., Any])
#: Rows of one account, one address and one reason. More are lines of the log only, or it would be
#: easy to fill the table.
_KEPT = "1 per minute"
_NOTED = "lback_denial_noted"


def noted(handle: F) -> F:
    """Note the refusals of a handler, and let them go on."""

    @functools.wraps(handle)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return handle(*args, **kwargs)
        except Problem as refusal:
            if refusal.code == 403:
                note(refusal)
            raise

    return run  # type: ignore[return-value]


def note(refusal: Problem) -> None:
    """Write a line of the log once for a request, and an entry when the last one is old enough."""
    if g.get(_NOTED):
        return
    setattr(g, _NOTED, True)
    state, user = current_state(), resolve()
    details: dict[str, Any] = {"path": request.path[:255], "method": request.method}
    details["reason"] = reason = refusal.problem_code
    if permission := refusal.extra.get("permission"):
        details["permission"] = permission
    who = str(key_of(user)) if user.is_authenticated else ""
    if who and state[RateLimits].allows(_KEPT, "admin-denied", who, caller(), reason):
        state[Audit].refuse("admin.denied", **details)
    else:
        security_log.write_refusal("admin.denied", **details)
