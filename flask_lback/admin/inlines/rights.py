"""What the present account may do with the rows of an inline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import sqlalchemy as sa
from flask import request
from flask_sqlalchemy import SQLAlchemy

from ...auth.current import resolve
from ...auth.denials import refuse_forbidden
from ...auth.rights import rights_of
from ...core.state import current_state
from ...permissions.names import permission_name
from .. import keys
from ..options import ModelAdmin
from ..scope import allows
from .built import Inline


@dataclass(frozen=True)
class Rights:
    """The permissions of the model, as far as the inline allows them for this record."""

    view: bool
    add: bool
    change: bool
    delete: bool


def rights_to(inline: Inline, record: Any) -> Rights:
    """What the account may do with rows of a record; nothing that it may not view."""
    admin = inline.admin
    held = rights_of(resolve())

    def may(action: str) -> bool:
        if not held.has(permission_name(admin.model, action)):
            return False
        return bool(getattr(admin, f"has_{action}_permission")(request, record))

    if not may("view"):
        return Rights(view=False, add=False, change=False, delete=False)
    return Rights(True, may("add"), may("change"), admin.can_delete and may("delete"))


def reached(inline: Inline, record: Any, rows: Sequence[Any], action: str) -> set[str]:
    """The keys of those rows that the scope of an action holds; one statement at most."""
    if not rows:
        return set()
    model = inline.admin.model
    found = list(rows)
    statement = inline.statement(record, action)
    if not statement.compare(inline.statement(record)):
        wanted = [tuple(sa.inspect(model).primary_key_from_instance(row)) for row in rows]
        statement = statement.where(keys.condition(model, wanted))
        found = list(current_state()[SQLAlchemy].session.scalars(statement).unique())
    return {keys.encode(row) for row in found}


def check_row(inline: Inline, action: str, row: Any) -> None:
    """Refuse what the rule of a policy forbids with one row, whatever its scope has said.

    :raises Problem: 403.
    """
    if not allows(ModelAdmin(inline.admin.model), action, row):
        refuse(inline, action)


def refuse(inline: Inline, action: str) -> NoReturn:
    """Answer that the account may not do this with the rows.

    :raises Problem: 403.
    """
    refuse_forbidden(permission_name(inline.admin.model, action))
