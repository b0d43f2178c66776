"""What parts of the accounts do with every sign-in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ..companions import UserSessionMixin


class LoginAction(Protocol):
    """Part of every sign-in; what it gives is called once the sign-in is committed."""

    def __call__(
        self, user: Any, session: UserSessionMixin, *, has_cookie: bool
    ) -> Callable[[], None] | None:
        """Act within the transaction; ``last_login_at`` still is that of the sign-in before."""
