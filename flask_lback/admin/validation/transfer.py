"""The options of exports."""

from __future__ import annotations

from ...exceptions import ConfigError
from ..options import ModelAdmin
from .names import place, readable


def check_transfer(admin: ModelAdmin) -> None:
    """Check which columns an export has.

    :raises ConfigError: an option cannot work.
    """
    seen: set[str] = set()
    for name in admin.export_fields:
        readable(admin, "export_fields", name)
        if name in seen:
            raise ConfigError(
                f"{place(admin, 'export_fields')} names {name!r} twice.", "Name it once."
            )
        seen.add(name)
