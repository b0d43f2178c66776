"""The rate limits feature."""

from __future__ import annotations

from typing import ClassVar

from ..core.checks import Check
from ..core.feature import Feature, Plan
from .checks import check_storage
from .service import RateLimits
from .settings import RateLimitSettings


class LimitsFeature(Feature):
    """Brings :class:`RateLimits`."""

    name = "limits"
    settings = (RateLimitSettings,)
    checks: ClassVar = (Check(check_storage, deploy=True),)

    def plan(self, plan: Plan) -> None:
        """Nothing is imported or reached before the first attempt is counted."""
        plan.state.add(RateLimits(plan.settings(RateLimitSettings)))
