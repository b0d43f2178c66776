"""Proof that the page before a deletion was shown, for these rows and to this account."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from ..auth.users.mixins import key_of
from .deleting import Outcome

#: How long the page is good for, in seconds.
_LIFE = 3_600
#: From this number of records on, the name is typed as well.
MANY = 100


def prove(user: Any, endpoint: str, keys: Iterable[str], outcome: Outcome) -> str:
    """The text that the confirmation page carries."""
    return _serializer().dumps(_digest(user, endpoint, keys, outcome))


def is_proven(text: str, user: Any, endpoint: str, keys: Iterable[str], outcome: Outcome) -> bool:
    """Whether the page was shown for exactly what would happen now."""
    try:
        said = _serializer().loads(text, max_age=_LIFE)
    except BadSignature:
        return False
    return bool(said == _digest(user, endpoint, keys, outcome))


def _digest(user: Any, endpoint: str, keys: Iterable[str], outcome: Outcome) -> str:
    lines = [f"{line.title}={line.count}" for line in (*outcome.gone, *outcome.kept)]
    parts = [str(key_of(user)), endpoint, *sorted(keys), *lines]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="lback.admin.delete")
