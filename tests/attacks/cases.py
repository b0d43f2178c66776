"""The attacks that have to be refused, by group: each has a test named after it.

``RG-4`` is shown by the tests whose names start with ``test_rg_4``, in this folder.
"""

from __future__ import annotations

GROUPS: dict[str, tuple[str, ...]] = {
    "registration": (
        *("RG-1", "RG-3", "RG-4", "RG-5", "RG-6", "RG-7", "RG-8", "RG-9", "RG-10"),
        *("EV-1", "EV-2", "EV-3", "EV-4", "EV-5", "EV-6", "EV-7"),
    ),
    "sign-in": (
        *("LG-1", "EN-2", "EN-3", "BF-1", "BF-2", "BF-3", "BF-4", "BF-5", "BF-7", "BF-8", "BF-9"),
        *("LG-2", "LG-3", "LG-4"),
    ),
    "sessions": (
        *("SE-1", "SE-2", "SE-3", "SE-5", "SE-6", "SE-7", "SE-8", "SE-9", "SE-10", "SE-11"),
        *("SE-12", "RM-1", "RM-2", "RM-3", "RM-5"),
    ),
    "csrf": ("CS-1", "CS-3", "CS-4", "CS-5", "CS-6", "CS-7", "CS-8", "CS-9", "CS-10"),
    "redirects": ("OR-1", "OR-2", "OR-4", "OR-5", "OR-6", "HO-1", "HO-2"),
    "reset": (
        *("PR-2", "PR-3", "PR-4", "PR-6", "PR-7", "PR-8", "PR-9", "PR-10", "PR-11", "PR-12"),
        "PR-13",
    ),
    "tokens": (
        *("JW-1", "JW-2", "JW-3", "JW-4", "JW-5", "JW-6", "JW-8", "JW-9", "JW-10", "JW-11"),
        *("JW-12", "JW-13", "JW-14"),
    ),
    "rights": (
        *("RB-1", "RB-2", "RB-3", "RB-5", "RB-6", "RB-7", "RB-8", "RB-9", "RB-10", "RB-11"),
    ),
    "panel": (
        *("AD-1", "AD-2", "AD-4", "AD-5", "AD-6", "AD-8", "AD-9", "AD-10", "AD-11", "AD-12"),
        *("AD-13", "AD-14"),
    ),
}


def prefix_of(case: str) -> str:
    """How the tests of a case begin: ``test_rg_4_`` for ``RG-4``."""
    return f"test_{case.lower().replace('-', '_')}_"


def case_of(name: str) -> str | None:
    """The case that a test shows, by its name."""
    for cases in GROUPS.values():
        for case in cases:
            if name.startswith(prefix_of(case)):
                return case
    return None
