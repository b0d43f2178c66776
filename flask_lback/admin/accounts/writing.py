"""From the panel's form to an account: by the rules of every other way, and with what they end."""

from __future__ import annotations

from collections.abc import Collection
from types import SimpleNamespace
from typing import Any

from flask import flash

from ...auth.accounts import Accounts
from ...auth.current import present_login, resolve
from ...auth.managers import UserManager
from ...auth.passwords.required_change import RequiredPasswordChanges
from ...auth.sessions.service import SessionManager
from ...auth.users.mixins import key_of
from ...auth.users.names import canonical
from ...core import clock
from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import InvalidFieldsError

#: What an account is called by, which is written by rules of its own.
NAMES = ("username", "email")


def write_new(form: Any, extra: Collection[str]) -> Any:
    """Make an account of a valid form, and add it to the session.

    :param extra: fields of the form that are no columns.
    :raises InvalidFieldsError: a name is malformed or taken, or the policy refuses.
    """
    manager = UserManager()
    names = {name: form[name].data for name in NAMES if name in form}
    password = form["password1"].data if "password1" in form else None
    if "usable_password" in form and not form["usable_password"].data:
        password = None
    if password:
        personal = {
            name: form[name].data for name in (*NAMES, "first_name", "last_name") if name in form
        }
        if complaints := manager.password_complaints(password, SimpleNamespace(**personal)):
            raise InvalidFieldsError({"password1": complaints})
    verified = bool("email_verified" in form and form["email_verified"].data)
    user = manager.create_user(password=password or None, verified=verified, **names)
    # Whoever typed it knows it; a form without the switch leaves no choice.
    if password and ("must_change" not in form or form["must_change"].data):
        current_state()[RequiredPasswordChanges].require(user)
    _populate(form, user, but={*extra, *NAMES})
    return user


def write(form: Any, user: Any, extra: Collection[str]) -> None:
    """Write a valid form into an account; what ends its sessions, ends them.

    :param extra: fields of the form that are no columns.
    :raises InvalidFieldsError: a name is malformed or taken.
    """
    changed = _rename(form, user)
    _populate(form, user, but={*extra, *NAMES, "is_active"})
    if "email_verified" in form and form["email_verified"].data != user.email_verified:
        user.email_verified_at = clock.now() if form["email_verified"].data else None
    if "is_active" in form:
        manager = UserManager()
        (manager.activate if form["is_active"].data else manager.deactivate)(user)
    if "email" in changed:
        _end_for_new_address(user)


def own_session(user: Any) -> int | None:
    """The session that asks, when it is this account's."""
    login = present_login()
    return login.session_id if login is not None and key_of(user) == key_of(resolve()) else None


def _rename(form: Any, user: Any) -> dict[str, Any]:
    """Write new names with their canonical twins, and give what has changed."""
    accounts = current_state()[Accounts]
    cleaned = accounts.cleaned({name: form[name].data for name in NAMES if name in form})
    changed = {name: text for name, text in cleaned.items() if text != getattr(user, name)}
    renamed = {
        name: text
        for name, text in changed.items()
        if canonical(text or "") != canonical(getattr(user, name) or "")
    }
    if taken := accounts.taken(renamed):
        raise InvalidFieldsError({name: [gettext("Another account has this.")] for name in taken})
    for name, text in changed.items():
        setattr(user, name, text)
    return changed


def _populate(form: Any, user: Any, but: Collection[str]) -> None:
    for name, field in form._fields.items():
        if name not in but and name != "csrf_token":
            field.populate_obj(user, name)


def _end_for_new_address(user: Any) -> None:
    """End what a change of address ends, and name what it leaves."""
    sessions = current_state()[SessionManager]
    sessions.end_all(user, but=own_session(user))
    if count := sessions.count_api_tokens(user):
        text = gettext("API tokens of the account still work: %(n)s.", n=count)
        flash(f"{text} {gettext('The action “End sessions” ends them, too.')}", "warn")
