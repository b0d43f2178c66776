"""The permissions feature."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from ..auth.current import resolve
from ..auth.models import Models
from ..auth.rights import RightsSource
from ..auth.sessions.loading import AccountLoader
from ..auth.settings import AuthSettings
from ..core.checks import Check
from ..core.feature import Feature, Plan
from ..core.signals import database_initialized, database_migrated
from ..core.state import State, current_state
from . import removal
from .checks import check_policies
from .objects import ObjectGrants
from .order import refuse_open_views
from .policies import Policies
from .registry import Permissions
from .rights import RightsTable
from .sync import sync


class PermissionsFeature(Feature):
    """Answers what accounts may do."""

    name = "permissions"
    requires = ("auth",)
    checks: ClassVar = (Check(check_policies),)

    def plan(self, plan: Plan) -> None:
        """Take what was declared on the ``Lback`` object."""
        state = plan.state
        declared = plan.declared.get(Permissions) or plan.declared.add(Permissions())
        state.add(declared)
        db = state[SQLAlchemy]
        grants = state.add(ObjectGrants(db, state[Models], state[AccountLoader]))
        state.add(Policies(declared.policies, grants, db))
        table = RightsTable(state[Models], state[AccountLoader], plan.settings(AuthSettings))
        state.add(table, RightsSource)
        state[AccountLoader].fill(table)

    def install(self, app: Flask, state: State) -> None:
        """Make declared permissions whenever the tables were made; let templates ask."""
        removal.watch(state[SQLAlchemy])
        app.jinja_env.tests.setdefault("allowed", is_allowed)
        for signal in (database_initialized, database_migrated):
            signal.connect(_sync, app)

    def verify(self, app: Flask, state: State) -> None:
        """Refuse to serve a view whose permission stands above its route."""
        refuse_open_views(app)


def is_allowed(obj: Any, name: str) -> bool:
    """``{% if post is allowed("blog.change_post") %}``: whether the present account may."""
    return current_state()[Policies].allows(resolve(), name, obj)


def _sync(sender: Flask, **values: Any) -> None:
    sync(sender)
