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
        'Rows are counted up to here; more are shown as "10,000+", and pages have numbers as '
        "far as this.",
        minimum=100,
    )
    choice_limit: int = setting(
        200,
        "A relation to no more rows than this is a list to choose from, a larger one is looked up.",
        minimum=10,
    )
    inline_limit: int = setting(
        200,
        "At most so many rows of an inline stand on the page of a record; never more than 1,000.",
        minimum=1,
    )
    bulk_limit: int = setting(
        1_000, "At most so many rows are acted on or deleted at once.", minimum=1
    )
    import_max_bytes: int = setting(
        5 * 1024 * 1024, "A file to import has at most so many bytes.", minimum=1
    )
    import_max_rows: int = setting(10_000, "A file to import has at most so many rows.", minimum=1)
    import_folder: str | None = setting(
        None,
        "Where files wait between the dry run and its confirmation, an hour at most. Several "
        "machines share it. Unset: a folder in the instance folder.",
    )
    export_mark: bool = setting(
        True,
        "CSV files begin with the byte order mark, by which Excel knows that they are UTF-8.",
    )
