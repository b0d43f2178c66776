"""The mail feature."""

from __future__ import annotations

from typing import ClassVar

from ..core.checks import Check
from ..core.feature import Feature, Plan
from ..tasks.runner import TaskRunner
from .checks import check_backend, check_site_url
from .service import Mailer
from .settings import MailSettings


class MailFeature(Feature):
    """Brings :class:`Mailer`."""

    name = "mail"
    requires = ("tasks",)
    settings = (MailSettings,)
    checks: ClassVar = (Check(check_site_url, deploy=True), Check(check_backend, deploy=True))

    def plan(self, plan: Plan) -> None:
        """Nothing is connected before the first mail."""
        mailer = Mailer(plan.app, plan.settings(MailSettings), plan.state[TaskRunner])
        plan.state.add(mailer)
