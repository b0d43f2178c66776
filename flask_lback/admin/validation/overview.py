"""The options of the dashboard."""

from __future__ import annotations

from ...exceptions import ConfigError
from ..options import ModelAdmin
from ..overview.days import is_plain_time
from .names import mapped, place


def check_overview(admin: ModelAdmin) -> None:
    """Check the column that the dashboard draws a model by.

    :raises ConfigError: it is none, or holds no moments.
    """
    name = admin.chart_by
    if name and not is_plain_time(mapped(admin, "chart_by", name)):
        raise ConfigError(
            f"{place(admin, 'chart_by')} is {name!r}, which holds no days or moments.",
            "Name a Date or DateTime column of the model itself.",
        )
