"""How a request may say who asks, for an application and for a view."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, overload

from flask.typing import ResponseReturnValue

from ..core.errors import Problem
from ..core.state import current_state
from ..core.translation import gettext
from ..exceptions import ConfigError
from .current import present_login, resolve
from .denials import challenges, refuse_anonymous
from .guarding import Guard
from .settings import AuthSettings

V = TypeVar("V", bound=Callable[..., Any])
#: The cookie, access tokens, API tokens, and a name with a password.
MECHANISMS = ("session", "jwt", "token", "basic")


def refuse_unknown(names: Iterable[str], where: str) -> None:
    """Refuse a name that is no mechanism.

    :param where: the setting or the decorator, for the message.
    :raises ConfigError: names the nearest one.
    """
    for name in names:
        if name not in MECHANISMS:
            near = difflib.get_close_matches(str(name), MECHANISMS, n=1)
            every = ", ".join(map(repr, MECHANISMS))
            hint = f"Did you mean {near[0]!r}?" if near else f"Use one of {every}."
            raise ConfigError(f"{where} names the mechanism {name!r}.", hint)


class AuthRequired(Guard):
    """Let a view run for requests that one of these mechanisms has authenticated.

    :param names: of ``LBACK_AUTH_MECHANISMS``; none: every one that the application accepts.
    :raises ConfigError: a name is no mechanism.
    """

    def __init__(self, *names: str) -> None:
        refuse_unknown(names, "auth_required()")
        self._names = frozenset(names)

    def check(self, view_name: str) -> ResponseReturnValue | None:
        """None when the request may go on, otherwise the answer.

        :raises Problem: 401, when there is no sign-in page that would help, and for somebody who
            has signed in by another mechanism.
        """
        names = self._accepted()
        if not resolve().is_authenticated:
            return refuse_anonymous(names)
        login = present_login()
        if login is None or login.mechanism not in names:
            raise Problem(
                401,
                "mechanism_not_accepted",
                gettext("This address does not accept the way in which you have signed in."),
                headers=challenges(names),
            )
        return None

    def _accepted(self) -> frozenset[str]:
        by_application = frozenset(current_state()[AuthSettings].mechanisms)
        return by_application & self._names if self._names else by_application


@overload
def auth_required(view: V, /) -> V: ...
@overload
def auth_required(*names: str) -> AuthRequired: ...


def auth_required(*given: Any) -> Any:
    """Let a view run for requests that one of these mechanisms has authenticated.

    For functions, ``async`` ones too, and for classes with ``dispatch_request``. Anonymous
    visitors are led to the sign-in page when ``session`` is among the mechanisms, others get 401;
    somebody who has signed in by another mechanism gets the 401 problem
    ``mechanism_not_accepted``.

    :param given: ``session``, ``jwt``, ``token``, ``basic``; none: every one that
        ``LBACK_AUTH_MECHANISMS`` lists.
    :raises ConfigError: a name is no mechanism.
    """
    if len(given) == 1 and callable(given[0]):
        return AuthRequired()(given[0])
    return AuthRequired(*given)
