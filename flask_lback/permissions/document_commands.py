"""`export-groups` and `import-groups`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from flask import Flask

from ..core.console import as_document, command, counted, done, format_option, note
from ..exceptions import CommandError
from .commands import reported, say
from .documents import export_groups as exported
from .documents import import_groups as imported


@command("export-groups")
@click.argument("groups", nargs=-1)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file.")
def export_groups(app: Flask, groups: tuple[str, ...], output: Path | None) -> None:
    """Write groups and their permissions as JSON.

    GROUPS are the names of some; all of them when left out. Members are not part of it.
    """
    document = exported(app, groups)
    if output is None:
        as_document(document)
        return
    text = json.dumps(document, indent=2, ensure_ascii=False)
    try:
        output.write_text(f"{text}\n", "utf-8")
    except OSError as error:
        raise CommandError(f"{output} cannot be written: {error.strerror}.") from error
    done(f"Wrote {counted(len(document['groups']), 'group')} to {output}.")


@command("import-groups")
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--create", is_flag=True, help="Make permissions that do not exist.")
@click.option(
    "--strict", is_flag=True, help="Take from these groups what the file does not give them."
)
@format_option
def import_groups(
    app: Flask, file: Any, dry_run: bool, create: bool, strict: bool, format_: str
) -> None:
    """Make the groups of a JSON file, with their rights.

    FILE is what export-groups has written; - is the standard input. All of it is done, or nothing;
    it repeats without change.
    """
    try:
        document = json.loads(file.read().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise CommandError(
            f"This is no JSON: {error}.", "`flask lback export-groups` shows the shape."
        ) from error
    report = imported(app, document, create=create, strict=strict, dry_run=dry_run)
    if format_ == "json":
        as_document({**reported(report), "dry_run": dry_run})
        return
    say(report, would=dry_run)
    if not report:
        done("Nothing to do: every group of the file is there.")
    elif dry_run:
        note("Nothing was changed.")
