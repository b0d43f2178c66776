"""What is noted of changes, as entries of the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request

from .bulk import Bulk
from .changes import MOST_MEMBERS, Change, Members
from .kinds import Kinds


def entry(change: Change, together: Sequence[Change], kinds: Kinds) -> dict[str, Any]:
    """The entry of one row.

    :param together: everything that its transaction changes.
    """
    details: dict[str, Any] = {**_page()}
    others = sum(one.model is change.model and one.what == change.what for one in together) - 1
    if others:
        details["others"] = others
    if change.values:
        details["changes"] = {name: list(pair) for name, pair in change.values.items()}
    if change.members:
        details["members"] = {name: _members(found) for name, found in change.members.items()}
    return {
        "action": f"admin.{change.what}",
        "target_kind": kinds.name(change.model),
        "target_id": change.key,
        "target_name": change.name,
        "details": details,
    }


def bulk_entry(found: Bulk, kinds: Kinds) -> dict[str, Any]:
    """The entry of a statement that wrote many rows."""
    details: dict[str, Any] = {**_page(), "rows": found.rows}
    if found.values:
        details["values"] = found.values
    if found.where:
        details["where"] = found.where
    return {
        "action": f"admin.{found.what}",
        "target_kind": kinds.name(found.model),
        "target_id": "",
        "target_name": "",
        "details": details,
    }


def _page() -> dict[str, str]:
    """By which page, and by which action of a list, the request changes something."""
    handler = (request.endpoint or "").rpartition(".")[2]
    action = request.form.get("action", "") if handler == "action_view" else ""
    return {"page": handler, **({"action": action[:100]} if action else {})}


def _members(found: Members) -> dict[str, Any]:
    """Keys and names of who joined and left; the number of those that are too many."""
    joined, left = list(found.joined.items()), list(found.left.items())
    told = {"joined": joined[:MOST_MEMBERS], "left": left[:MOST_MEMBERS]}
    more = len(joined) + len(left) - sum(map(len, told.values()))
    shown: dict[str, Any] = {name: [list(pair) for pair in pairs] for name, pairs in told.items()}
    return {**shown, "more": more} if more else shown
