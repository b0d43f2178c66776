"""`sync-permissions`."""

from __future__ import annotations

from flask import Flask

from ..core.console import as_document, command, counted, done, format_option
from .sync import sync


@command("sync-permissions")
@format_option
def sync_permissions(app: Flask, format_: str) -> None:
    """Make declared permissions and groups.

    It takes nothing away, and repeats without change.
    """
    report = sync(app)
    if format_ == "json":
        as_document(
            {
                "permissions": report.permissions,
                "groups": report.groups,
                "grants": [{"group": group, "permission": name} for group, name in report.grants],
            }
        )
        return
    for what, names in (("permission", report.permissions), ("group", report.groups)):
        if names:
            done(f"Made {counted(len(names), what)}: {', '.join(names)}.")
    for group, name in report.grants:
        done(f"Gave {group} {name}.")
    if not report:
        done("Nothing to do: every declared permission and group is there.")
