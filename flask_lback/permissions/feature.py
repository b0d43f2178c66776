"""The permissions feature."""

from __future__ import annotations

from typing import Any

from flask import Flask

from ..auth.models import Models
from ..auth.rights import RightsSource
from ..auth.sessions.loading import AccountLoader
from ..auth.settings import AuthSettings
from ..core.feature import Feature, Plan
from ..core.signals import database_initialized, database_migrated
from ..core.state import State
from .registry import Permissions
from .rights import RightsTable
from .sync import sync


class PermissionsFeature(Feature):
    """Answers what accounts may do."""

    name = "permissions"
    requires = ("auth",)

    def plan(self, plan: Plan) -> None:
        """Take what was declared on the ``Lback`` object."""
        state = plan.state
        state.add(plan.declared.get(Permissions) or plan.declared.add(Permissions()))
        table = RightsTable(state[Models], state[AccountLoader], plan.settings(AuthSettings))
        state.add(table, RightsSource)
        state[AccountLoader].fill(table)

    def install(self, app: Flask, state: State) -> None:
        """Make declared permissions whenever the tables were made."""
        for signal in (database_initialized, database_migrated):
            signal.connect(_sync, app)


def _sync(sender: Flask, **values: Any) -> None:
    sync(sender)
