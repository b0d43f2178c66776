"""Make the tables of an application that has no migrations, and see whether it has some."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from ..core.signals import database_initialized
from ..core.state import state_of
from .settings import DatabaseSettings


def missing_tables(app: Flask) -> list[str]:
    """Tables that the models have and the databases lack, in order."""
    db = state_of(app)[SQLAlchemy]
    missing = []
    for bind_key, metadata in db.metadatas.items():
        inspector = sa.inspect(db.engines[bind_key])
        schemas = {table.schema for table in metadata.tables.values()}
        present = {schema: set(inspector.get_table_names(schema)) for schema in schemas}
        missing += [
            name
            for name, table in metadata.tables.items()
            if table.name not in present[table.schema]
        ]
    return sorted(missing)


def migrations_folder(app: Flask) -> Path:
    """Where the migrations are, or will be: that of the application's own ``Migrate`` if any."""
    own = app.extensions.get("migrate")
    if own is not None:
        return Path(own.directory).absolute()
    return Path(app.root_path) / state_of(app)[DatabaseSettings].migrations_folder


def has_migrations(app: Flask) -> bool:
    """Whether there is at least one migration; asks the file system only."""
    found = (migrations_folder(app) / "versions").glob("*.py")
    return any(path.name != "__init__.py" for path in found)


def initialize(app: Flask) -> list[str]:
    """Create the missing tables, and let features fill them.

    :returns: the names of the tables that were made; none when all were there.
    """
    made = missing_tables(app)
    state_of(app)[SQLAlchemy].create_all()
    database_initialized.emit(app)
    return made


def drop(app: Flask) -> None:
    """Drop every table that the models have, and end what holds on to them: for tests."""
    db = state_of(app)[SQLAlchemy]
    db.session.remove()
    db.drop_all()
