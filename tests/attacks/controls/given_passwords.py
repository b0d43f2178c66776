"""Passwords that somebody sets for somebody else."""

from __future__ import annotations

from .control import Control, Edit

CONTROLS = (
    Control(
        "nobody sets the password of an account that may do more",
        ("AD-14",),
        (
            Edit(
                "admin/accounts/password_page.py",
                "if not Holder(resolve()).may_take_over(user):",
                "if False:",
            ),
            Edit(
                "admin/grants.py",
                "if is_key and not self._holder.may_take_over(account):",
                "if False:",
            ),
        ),
    ),
    Control(
        "an account whose password somebody else has set is held back",
        ("AD-14",),
        (Edit("auth/current.py", "if login is not None and holds(login):", "if False:"),),
    ),
    Control(
        "a password that somebody sets is to be changed",
        ("AD-14",),
        (Edit("auth/accounts.py", "if must_change:", "if False:"),),
    ),
    Control(
        "and so is that of a new account",
        ("AD-14",),
        (
            Edit(
                "admin/accounts/writing.py",
                "current_state()[RequiredPasswordChanges].require(user)",
                "pass",
            ),
        ),
    ),
)
