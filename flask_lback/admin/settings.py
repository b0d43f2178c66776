"""Settings of the admin panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..core.settings import Settings, setting


@dataclass(frozen=True)
class AdminSettings(Settings):
    """``LBACK_ADMIN_*``: the admin panel."""

    prefix: ClassVar[str] = "LBACK_ADMIN_"

    url_prefix: str = setting("/admin", "Where the panel is mounted.")
    title: str | None = setting(
        None, "The name at the top of the sidebar. Unset: the name of the site."
    )
    count_limit: int = setting(
        10_000,
        'Rows are counted up to here; more are shown as "10,000+", and the pages between here '
        "and the last one are reached by a filter.",
        minimum=100,
    )
    choice_limit: int = setting(
        200,
        "A relation to no more rows than this is a list to choose from, a larger one is looked up.",
        minimum=10,
    )
    bulk_limit: int = setting(
        1_000, "At most so many rows are acted on or deleted at once.", minimum=1
    )
