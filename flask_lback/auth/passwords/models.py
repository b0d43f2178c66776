"""Accounts that have to choose another password before anything else."""

from __future__ import annotations

from ..companions import OwnedMixin


class RequiredPasswordChangeMixin(OwnedMixin):
    """Somebody else knows the password of the account: its owner chooses another one first.

    A row of its own, so that no user class needs a column for it.
    """
