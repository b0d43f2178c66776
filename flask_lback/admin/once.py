"""A form that adds something and is sent twice adds it once.

Each page carries a text of its own, which is counted with the rate limits: where several processes
share their store, they share this too.
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import request

from ..auth.users.mixins import key_of
from ..core.state import current_state
from ..limits.service import RateLimits

#: The hidden field that carries the text.
ONCE = "_once"
_LIMIT = "1 per hour"
_LONGEST = 64


def new_text() -> str:
    """The text of a new page; a page that comes back keeps its own."""
    return request.form.get(ONCE, "")[:_LONGEST] or secrets.token_urlsafe(16)


def take(user: Any) -> bool:
    """Whether this page is sent for the first time."""
    text = request.form.get(ONCE, "")[:_LONGEST]
    return not text or current_state()[RateLimits].allows(_LIMIT, *_key(user, text))


def give_back(user: Any) -> None:
    """Let a page be sent again: nothing was added."""
    if text := request.form.get(ONCE, "")[:_LONGEST]:
        current_state()[RateLimits].give_back(_LIMIT, *_key(user, text))


def _key(user: Any, text: str) -> tuple[str, ...]:
    return "admin.add", str(key_of(user)), text
