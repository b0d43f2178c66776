"""The background work feature."""

from __future__ import annotations

from ..core.feature import Feature, Plan
from .runner import TaskRunner
from .settings import TaskSettings


class TasksFeature(Feature):
    """Brings :class:`TaskRunner`."""

    name = "tasks"
    settings = (TaskSettings,)

    def plan(self, plan: Plan) -> None:
        """No thread is started before there is something to do."""
        plan.state.add(TaskRunner(plan.app, plan.settings(TaskSettings)))
