"""The database feature: the application's Flask-SQLAlchemy object, or one of our own."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import Flask, got_request_exception
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import SQLAlchemyError

from ..core.checks import Check
from ..core.feature import Feature, Plan
from ..core.injection import Providers
from ..core.state import State
from ..exceptions import ConfigError
from .checks import check_migrations, check_tables
from .faults import explain
from .models import make_db
from .settings import DatabaseSettings
from .sqlite import enforce_foreign_keys

#: Data of an application that says nothing: a file in the instance folder.
DEFAULT_URL = "sqlite:///app.sqlite"


class DatabaseFeature(Feature):
    """Finds ``db``, or makes it. Migrations are set up by the commands that need them."""

    name = "db"
    settings = (DatabaseSettings,)
    checks: ClassVar = (Check(check_tables), Check(check_migrations))

    def plan(self, plan: Plan) -> None:
        """Find the one object that this application's data goes through.

        :raises ConfigError: another one was given than the application is set up with.
        """
        present = plan.app.extensions.get("sqlalchemy")
        if plan.db is not None and present is not None and plan.db is not present:
            raise ConfigError(
                "Lback(db=...) was given another database object than the application has.",
                "Give the one whose init_app was called, or leave db out.",
            )
        plan.db = plan.db or present or make_db()
        db = plan.state.add(plan.db, SQLAlchemy)
        plan.state[Providers].provide("db", lambda: db)

    def install(self, app: Flask, state: State) -> None:
        """Set the database object up when the application has not done so itself."""
        db = state[SQLAlchemy]
        if "sqlalchemy" not in app.extensions:
            app.config.setdefault("SQLALCHEMY_DATABASE_URI", DEFAULT_URL)
            db.init_app(app)
        if state[DatabaseSettings].sqlite_foreign_keys:
            with app.app_context():
                for engine in db.engines.values():
                    enforce_foreign_keys(engine)
        got_request_exception.connect(_log_remedy, app)


def _log_remedy(sender: Flask, exception: Exception, **values: Any) -> None:
    """Say in the log, before the stack, what a person can do about an error of the database."""
    if isinstance(exception, SQLAlchemyError):
        sender.logger.error("%s", explain(exception))
