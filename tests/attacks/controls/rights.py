"""Rights: who may open which route, and who gives a right to whom."""

from __future__ import annotations

from .control import Control, Edit

ACCESS, GRANTS = "admin/access.py", "admin/grants.py"

ROUTES = (
    Control(
        "what is delicate wants a recent proof",
        ("RB-1",),
        (
            Edit(
                "auth/freshness.py",
                "return None if is_fresh(self._within) else ask_again()",
                "return None",
            ),
        ),
    ),
    Control(
        "an account without a confirmed address is led to the confirmation",
        ("RB-1", "AD-1"),
        (Edit("auth/unconfirmed.py", "    app.before_request(keep_to_what_they_may)\n"),),
    ),
    Control(
        "each page of the panel asks for its permission",
        ("RB-1", "AD-2"),
        (
            Edit(ACCESS, "if not _holds(user, needed):", "if False:"),
            Edit(
                "admin/views/records.py",
                "if refused is None and asked and not any(map(self.may, asked)):",
                "if False:",
            ),
        ),
    ),
)
GIVEN = (
    Control(
        "what somebody does not hold is neither given nor taken",
        ("RB-7",),
        (
            Edit(
                GRANTS,
                "return self.is_superuser or name in self._rights.permissions",
                "return True",
            ),
            Edit(GRANTS, "return self.is_superuser or name in self._rights.groups", "return True"),
        ),
    ),
    Control(
        "only superusers make superusers",
        ("RB-7",),
        (
            Edit("admin/accounts/users.py", 'fixed.append("is_superuser")', "pass"),
            Edit(GRANTS, "if rises and not self._holder.is_superuser:", "if False:"),
        ),
    ),
    Control(
        "an account that holds more is not taken over",
        ("RB-7",),
        (Edit(GRANTS, " and self._are_everybodys(permissions, groups)", ""),),
    ),
    Control(
        "what opens an account is not moved to another one",
        ("RB-7",),
        (Edit(GRANTS, "elif isinstance(row, self._ways_in) and not is_gone:", "elif False:"),),
    ),
    Control(
        "a right on an object is given by those who hold it",
        ("RB-7",),
        (Edit(GRANTS, "self._refuse_permissions(self._given(row))", "pass"),),
    ),
    Control(
        "what a request to the panel writes is looked at",
        ("RB-7", "RB-8"),
        (
            Edit(
                ACCESS,
                "with watched(resolve()), recorded(resolve()):",
                "with recorded(resolve()):",
            ),
        ),
    ),
)
LAST = (
    Control(
        "the last superuser stays one",
        ("RB-8",),
        (Edit(GRANTS, "if session.execute(left.limit(1)).first() is None:", "if False:"),),
    ),
    Control(
        "the last superuser does not delete the account",
        ("RB-8",),
        (
            Edit(
                "auth/personal_data/deletion.py",
                "if not is_last_superuser(self._db, self._models, user, lock=lock):",
                "if True:",
            ),
        ),
    ),
)
CONTROLS = (*ROUTES, *GIVEN, *LAST)
