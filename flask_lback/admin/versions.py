"""Who saves a form does not write over what somebody else has saved meanwhile.

The form carries a digest of each value that it was drawn with. When a value in the database is
another one by now, and not the one that was sent either, nothing is written: the person sees both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import InvalidRequestError
from wtforms import BooleanField, Field

from ..core.translation import gettext
from . import keys
from .cells import NOTHING, cell
from .fields import PickField
from .relation_field import RelationField

#: The hidden field that carries the digests.
SEEN = "_seen"
_LENGTH = 12
#: Longer ones are none of ours.
_LONGEST = 20_000
#: A value of somebody else's is told up to here.
_TOLD = 200


def sent(field: Field) -> str:
    """What a browser sends for a field as it stands."""
    if isinstance(field, RelationField):
        return ",".join(sorted(keys.encode(row) for row in field.chosen))
    if isinstance(field, BooleanField):
        return "y" if field.data else ""
    if isinstance(field, PickField):
        return field.sent
    if not hasattr(field, "_value"):
        return str(field.data or "")
    return "\n".join(str(field._value()).splitlines())


def seen(form: Any) -> str:
    """The digests of everything in a form, as text."""
    return " ".join(f"{name}={_digest(field)}" for name, field in _compared(form))


def conflicts(form: Any, present: Any, text: str) -> bool:
    """Whether somebody has changed what is sent now; it is said beside the fields.

    :param form: what was sent.
    :param present: the same form, of the record as it is now.
    :param text: what :func:`seen` gave for the page.
    """
    said = _read(text)
    is_told = False
    for name, field in _compared(present):
        mine = form._fields[name]
        stands = sent(field)
        if name not in said or said[name] == _digest(field) or sent(mine) == stands:
            continue
        mine.errors = [
            *mine.errors,
            gettext(
                "Changed meanwhile to “%(value)s”. Save again to keep yours.", value=_told(field)
            ),
        ]
        is_told = True
    return is_told


def lock(db: SQLAlchemy, row: Any) -> bool:
    """Read a row again and keep others from writing it until this transaction ends.

    :returns: whether it is still there.
    """
    names = [prop.key for prop in sa.inspect(type(row)).column_attrs]
    try:
        db.session.refresh(row, names, with_for_update=True)
    except InvalidRequestError:
        return False
    return True


def _compared(form: Any) -> Iterable[tuple[str, Field]]:
    for name, field in form._fields.items():
        is_hidden = isinstance(field, RelationField) and field.is_fixed
        if name != "csrf_token" and name not in form.extra and not is_hidden:
            yield name, field


def _digest(field: Field) -> str:
    text = f"{field.short_name}={sent(field)}"
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


def _read(text: str) -> Mapping[str, str]:
    if len(text) > _LONGEST:
        return {}
    pairs = (pair.partition("=") for pair in text.split())
    return {name: digest for name, _, digest in pairs if digest}


def _told(field: Field) -> str:
    if isinstance(field, RelationField):
        return cell([str(row) for row in field.chosen]).text
    if isinstance(field, BooleanField):
        return cell(bool(field.data)).text
    if isinstance(field, PickField):
        return field.label_of_choice
    text = sent(field)
    return (text if len(text) <= _TOLD else f"{text[:_TOLD]}…") or NOTHING
