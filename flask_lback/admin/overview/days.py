"""How many rows belong to each day, of several models in one statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Mapper

from ..attributes import Path, find, is_time
from ..moments import between
from ..options import ModelAdmin


@dataclass(frozen=True)
class Series:
    """Rows of one model, counted by the days of a column.

    :ivar statement: the rows, as far as the present account reaches them.
    :ivar path: the column, of the model itself.
    """

    model: type[Any]
    statement: sa.Select[Any]
    path: Path

    def between(self, first: dt.date, last: dt.date) -> sa.Select[Any]:
        """Its rows of these days, both included."""
        return self.statement.where(between(self.path.column, self._attribute, first, last))

    def grouped(self, name: str, first: dt.date, last: dt.date) -> sa.Select[Any]:
        """A select of its name, the days, and the number of rows of each."""
        mapper: Mapper[Any] = sa.inspect(self.model)
        rows = (
            self.between(first, last)
            .with_only_columns(
                *mapper.primary_key,
                self._attribute.label("lback_moment"),
                maintain_column_froms=True,
            )
            .order_by(None)
            .subquery()
        )
        day = sa.func.date(rows.c.lback_moment)
        return sa.select(sa.literal(name), day, sa.func.count()).group_by(day)

    @property
    def _attribute(self) -> Any:
        return getattr(self.model, self.path.prop.key)


def column_of(admin: ModelAdmin) -> Path | None:
    """The column by which the rows of a model belong to days, None when it has none."""
    for name in (admin.chart_by, admin.date_hierarchy, "created_at"):
        path = find(admin.model, name) if name else None
        if path is not None and is_plain_time(path):
            return path
    return None


def is_plain_time(path: Path) -> bool:
    """Whether a path is a column of the model itself that holds days or moments."""
    return not (path.is_relation or path.relations or path.is_secret) and is_time(path.column)


def per_day(
    db: SQLAlchemy, series: Mapping[str, Series], first: dt.date, last: dt.date
) -> dict[str, dict[dt.date, int]]:
    """The numbers of each series, with one statement for each database.

    Days are those of UTC; one without rows is left out.
    """
    found: dict[str, dict[dt.date, int]] = {name: {} for name in series}
    by_bind: dict[Any, list[str]] = {}
    for name, one in series.items():
        by_bind.setdefault(one.model.metadata.info.get("bind_key"), []).append(name)
    for names in by_bind.values():
        parts = [series[name].grouped(name, first, last) for name in names]
        mapper = sa.inspect(series[names[0]].model)
        rows = db.session.execute(sa.union_all(*parts), bind_arguments={"mapper": mapper})
        for name, day, number in rows:
            # SQLite answers with text, the others with a day.
            found[name][dt.date.fromisoformat(str(day)[:10])] = number
    return found
