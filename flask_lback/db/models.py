"""Base classes and column types for models."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from ..core import clock
from ..exceptions import LbackError

#: Constraints with a name can be changed by a later migration, on SQLite too.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(TypeDecorator[dt.datetime]):
    """A moment: aware in Python, stored as UTC without a zone on every database.

    Naive values are refused, since nobody can tell what they mean.
    """

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        """MySQL and MariaDB cut fractions of a second off unless asked to keep them."""
        if dialect.name in ("mysql", "mariadb"):
            from sqlalchemy.dialects.mysql import DATETIME

            return dialect.type_descriptor(DATETIME(fsp=6))
        return dialect.type_descriptor(sa.DateTime())

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Aware to UTC, zone taken off."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise LbackError(
                f"The moment {value!r} has no time zone.", "Use flask_lback.core.clock.now()."
            )
        return value.astimezone(dt.UTC).replace(tzinfo=None)

    def process_result_value(
        self, value: dt.datetime | None, dialect: Dialect
    ) -> dt.datetime | None:
        """UTC put on."""
        return value.replace(tzinfo=dt.UTC) if value is not None else None


def exact_string(length: int) -> sa.String:
    """A text that equals only itself, on every database.

    For names with a canonical form, for hashes and for what other programs give out. MariaDB would
    take capitals, accents and all letters beyond the first 65,536 for the same.
    """
    exact = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return sa.String(length).with_variant(exact, "mysql", "mariadb")


def make_db() -> SQLAlchemy:
    """A database object of its own.

    Flask-SQLAlchemy takes the metadata of the class that it is given: a class shared by two
    objects would make them share their tables.
    """

    class Base(DeclarativeBase):
        metadata = sa.MetaData(naming_convention=NAMING_CONVENTION)

    return SQLAlchemy(model_class=Base)


class BaseModel:
    """A mixin with a key, two time stamps, ``to_dict`` and ``validate`` (L15)."""

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-10)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    updated_at: Mapped[dt.datetime] = mapped_column(
        UTCDateTime, default=clock.now, onupdate=clock.now
    )

    def to_dict(self) -> dict[str, Any]:
        """The mapped columns by attribute name."""
        mapper = sa.inspect(type(self))
        return {column.key: getattr(self, column.key) for column in mapper.column_attrs}

    def validate(self) -> None:
        """Raise an error when the object must not be saved; called before every flush."""


@sa.event.listens_for(BaseModel, "before_insert", propagate=True)
@sa.event.listens_for(BaseModel, "before_update", propagate=True)
def _validate(mapper: Any, connection: Any, target: BaseModel) -> None:
    target.validate()
