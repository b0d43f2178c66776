"""A password for an account that has none: it was made by an invitation or by another site."""

from __future__ import annotations

from typing import Any

from flask_sqlalchemy import SQLAlchemy

from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import InvalidFieldsError
from ..accounts import Accounts
from ..mails.service import AccountMails
from ..sessions.standing import hold_login
from ..users.directory import Directory


def choose_password(user: Any, password: str, *, but: int | None) -> None:
    """Give the account its first password, and commit; the caller has asked for a fresh login.

    :param but: the session that stays.
    :raises InvalidFieldsError: the policy refuses it, or the account has got one meanwhile.
    :raises Problem: 401, the present login has ended meanwhile.
    """
    state = current_state()
    accounts = state[Accounts]
    if complaints := accounts.complaints(user, password):  # before anything is locked
        raise InvalidFieldsError({"new_password": complaints})
    hold_login(user)
    if user.password_hash is not None or not accounts.claim(user):
        raise InvalidFieldsError(
            {"current_password": [gettext("Your account has a password. Give it, too.")]}
        )
    accounts.set_password(user, password, but=but, validate=False)
    state[SQLAlchemy].session.commit()
    if state[Directory].email_name:
        state[AccountMails].password_changed(user)
