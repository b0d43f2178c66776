"""The last proof before an account is deleted, and the way out."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import AuthenticationError, InvalidFieldsError
from ..accounts import Accounts
from ..current import logout_user
from ..managers import UserManager
from ..sessions.standing import hold_login
from ..users.directory import Directory
from ..users.names import canonical
from .deletion import Deletions
from .settings import PersonalDataSettings

_FIELDS = ("current_password", "identifier")


def unneeded(user: Any) -> str:
    """The field of the form that this account is not asked for."""
    return "identifier" if user.has_usable_password() else "current_password"


def typed(form: Any) -> dict[str, str]:
    """What was typed, for :func:`prove`."""
    return {name: (form[name].data or "") if name in form else "" for name in _FIELDS}


def prove(user: Any, *, current_password: str, identifier: str) -> None:
    """Ask for the password, or for the name of an account that has none.

    :raises InvalidFieldsError: it is another one.
    :raises Problem: 429, too many wrong passwords; 409, every other superuser has gone meanwhile.
    """
    state, has_password = current_state(), user.has_usable_password()
    if has_password:
        try:
            UserManager().confirm_password(user, current_password)
        except AuthenticationError as error:
            raise InvalidFieldsError({"current_password": [error.message]}) from error
    elif canonical(identifier) != canonical(user.get_username()):
        raise InvalidFieldsError({"identifier": [gettext("This is not your name here.")]})
    state[Deletions].hold(user)
    if has_password and not state[Accounts].claim(user):  # it was changed meanwhile
        raise InvalidFieldsError({"current_password": [gettext("This is not your password.")]})


def leave(user: Any) -> dt.datetime:
    """Note the wish of the present account, end its sessions and forget the cookie.

    :returns: when the account is, or was, deleted.
    :raises Problem: 401, the login has ended meanwhile.
    """
    hold_login(user)
    state = current_state()
    deletions, key = state[Deletions], user.get_id()
    if state[PersonalDataSettings].grace_days:
        due_at = deletions.request(user)
        logout_user()
        return due_at
    logout_user()  # first: nothing of this request may hold the account when it goes
    return deletions.request(state[Directory].by_key(key))
