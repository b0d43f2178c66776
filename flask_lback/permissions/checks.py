"""What can be wrong with the permissions."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from ..core.checks import Finding, Level
from ..core.state import state_of
from .explaining import nearest
from .names import app_label, permission_name
from .policies import rules_of
from .registry import Permissions
from .sync import wanted


def check_policies(app: Flask) -> Iterator[Finding]:
    """Rules that nobody asks for: their names stand in no permission."""
    known = wanted(app)
    for model, policy in state_of(app)[Permissions].policies.items():
        for rule in rules_of(type(policy)):
            name = permission_name(model, rule)
            if name not in known and f"{app_label(model)}.{rule}" not in known:
                near = nearest(name, known)
                yield Finding(
                    "permissions.W001",
                    Level.WARNING,
                    f"{type(policy).__name__}.{rule} decides about {name}, which is no declared "
                    "permission.",
                    f"Declare it, write the rule of {near}, or start the name of a method that is "
                    "no rule with an underscore.",
                )
