"""How Alembic compares the models with the database, and how it writes down what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import (
    DropIndexOp,
    DropTableOp,
    MigrationScript,
    ModifyTableOps,
    UpgradeOps,
)

from .models import UTCDateTime

#: Tables of this library. One that no model has belongs to a feature that is off, or to the user
#: model that was there before: its data is not ours to drop.
OWN_PREFIX = "lback_"

#: A filter of Alembic: object, name, kind, whether it comes from the database, its counterpart.
IncludeObject = Callable[[Any, Any, str, bool, Any], bool]


def arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments for ``context.configure``: those of the application, with our rules added."""
    found = {"compare_type": True, "render_as_batch": True, **given}
    return found | {
        "include_object": _kept(given.get("include_object")),
        "render_item": _rendered(given.get("render_item")),
        "process_revision_directives": given.get("process_revision_directives") or _skip_empty,
    }


def _kept(also: IncludeObject | None) -> IncludeObject:
    def include(item: Any, name: Any, kind: str, reflected: bool, counterpart: Any) -> bool:
        if kind == "table" and reflected and counterpart is None and name.startswith(OWN_PREFIX):
            return False
        return also is None or also(item, name, kind, reflected, counterpart)

    return include


def _rendered(also: Callable[[str, Any, AutogenContext], Any] | None) -> Callable[..., Any]:
    """A column type that is not SQLAlchemy's is written with the import it needs."""

    def render(kind: str, item: Any, context: AutogenContext) -> Any:
        text = also(kind, item, context) if also else False
        if text is not False or kind != "type":
            return text
        if type(item) is UTCDateTime:
            context.imports.add("import flask_lback.db")
            return "flask_lback.db.UTCDateTime()"
        module = type(item).__module__
        if not module.startswith("sqlalchemy."):
            context.imports.add(f"import {module}")
        return False

    return render


def _skip_empty(context: Any, revision: Any, directives: list[MigrationScript]) -> None:
    """Write no revision when nothing changed; for Flask-Migrate's own command."""
    tidy(directives)
    options = context.config.cmd_opts if context.config else None
    if getattr(options, "autogenerate", False) and changes(directives) == []:
        directives.clear()


def tidy(directives: Iterable[MigrationScript]) -> None:
    """Drop no index of a table that is dropped as well.

    MariaDB refuses to drop one that a foreign key needs, and the table takes it along anyway.
    """
    for script in directives:
        for container in (*script.upgrade_ops_list, *script.downgrade_ops_list):
            dropped = {one.table_name for one in container.ops if isinstance(one, DropTableOp)}
            container.ops = [one for one in container.ops if not _is_moot(one, dropped)]


def _is_moot(operation: object, dropped: set[str]) -> bool:
    if isinstance(operation, ModifyTableOps) and operation.table_name in dropped:
        operation.ops = [one for one in operation.ops if not isinstance(one, DropIndexOp)]
        return not operation.ops
    return isinstance(operation, DropIndexOp) and operation.table_name in dropped


def changes(directives: Iterable[MigrationScript]) -> list[str]:
    """What a revision would do, a line each."""
    return [
        line
        for script in directives
        for operations in script.upgrade_ops_list
        for line in _lines(operations)
    ]


def _lines(operations: UpgradeOps) -> Iterator[str]:
    new: set[str] = set()
    for difference in _flat(operations.as_diffs()):
        verb, _, what = difference[0].partition("_")
        if what in ("table", "table_comment"):
            new |= {difference[1].name} if verb == "add" else set()
            yield f"{verb} table {difference[1].name}"
        elif what == "column":
            yield f"{verb} column {difference[2]}.{difference[3].name}"
        elif verb == "modify":
            yield f"change {what} of {difference[2]}.{difference[3]}"
        elif (table := difference[1].table.name) not in new:
            yield f"{verb} {what.replace('fk', 'foreign key')} {difference[1].name} of {table}"


def _flat(differences: Iterable[Any]) -> Iterator[Any]:
    for one in differences:
        if isinstance(one, list):
            yield from _flat(one)
        else:
            yield one
