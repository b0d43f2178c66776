"""Register by a form: what the page and its JSON route share."""

from __future__ import annotations

from typing import Any

from .forms import AccountForm
from .managers import UserManager


def register(form: Any) -> Any | None:
    """Make the account of a form that has passed, and what its ``save`` adds; one commit.

    :returns: as :meth:`Registration.register`.
    :raises InvalidFieldsError: what the person has to change.
    """

    def complete(user: Any) -> None:
        form.registered = user
        form.save()

    return UserManager().register_user(
        password=form.password.data,
        complete=complete if isinstance(form, AccountForm) else None,
        **form.account_fields(),
    )
