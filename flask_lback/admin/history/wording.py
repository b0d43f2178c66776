"""What happened, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from ...core.translation import gettext
from .. import words

#: Events that are told by name; others are called after the last part of theirs.
EVENTS: Mapping[str, str] = {
    "admin.added": gettext("added"),
    "admin.changed": gettext("changed"),
    "admin.deleted": gettext("deleted"),
    "admin.denied": gettext("opened a page without the right to"),
    "admin.exported": gettext("exported"),
    "admin.imported": gettext("imported"),
    "admin.impersonation_started": gettext("began to act as"),
    "admin.impersonation_ended": gettext("stopped acting as"),
    "auth.login": gettext("signed in"),
    "auth.logout": gettext("signed out"),
    "auth.registered": gettext("registered"),
    "auth.superuser_made": gettext("made a superuser"),
    "auth.reauthenticated": gettext("signed in again"),
    "auth.locked_out": gettext("tried too many passwords"),
    "auth.password_set": gettext("set a new password"),
    "auth.password_reset": gettext("chose a password by a mailed link"),
    "auth.password_reset_requested": gettext("asked for a link to a new password"),
    "auth.email_changed": gettext("changed the address"),
    "auth.email_change_requested": gettext("asked for another address"),
    "auth.email_confirmed": gettext("confirmed the address"),
    "auth.profile_changed": gettext("changed the profile"),
    "auth.activated": gettext("activated the account"),
    "auth.deactivated": gettext("deactivated the account"),
    "auth.session_ended": gettext("ended a session"),
    "auth.sessions_ended": gettext("ended sessions"),
    "auth.api_token_created": gettext("made an API token"),
    "auth.api_tokens_ended": gettext("ended API tokens"),
    "auth.two_factor_enabled": gettext("set up a second step"),
    "auth.two_factor_disabled": gettext("removed a second step"),
    "auth.two_factor_reset": gettext("took every second step away"),
    "auth.passkey_added": gettext("added a passkey"),
    "auth.passkey_removed": gettext("removed a passkey"),
    "auth.data_exported": gettext("downloaded the data of the account"),
    "auth.deletion_requested": gettext("asked for the account to be deleted"),
    "auth.deletion_cancelled": gettext("kept the account"),
    "auth.account_deleted": gettext("deleted the account"),
    "auth.invitation_made": gettext("invited somebody"),
    "auth.invitation_accepted": gettext("accepted an invitation"),
    "auth.audit_cleaned": gettext("removed old audit entries"),
}
#: Sign-ins are no history of an account, and there are many of them.
COMINGS_AND_GOINGS = (
    "auth.login",
    "auth.logout",
    "auth.reauthenticated",
    "auth.session_ended",
    "auth.sessions_ended",
)
_MONTHS = tuple(
    map(
        gettext,
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    )
)
_PAGES: Mapping[str, str] = {
    "create_view": gettext("Admin form"),
    "edit_view": gettext("Admin form"),
    "update_view": gettext("Admin list"),
    "delete_view": gettext("Admin"),
    "import_view": gettext("Import"),
}


def event(action: str) -> str:
    """An event in words, such as “signed in”."""
    if action in EVENTS:
        return EVENTS[action]
    return words.label(action.rpartition(".")[2]).lower()


def sentence(entry: Any, noun: str) -> str:
    """What somebody did to a record: “changed 3 fields”."""
    what, details = entry.action, entry.details
    if what == "admin.changed" and not details.get("rows"):
        number = len(details.get("changes") or ()) + len(details.get("members") or ())
        said = gettext("changed 1 field") if number == 1 else _counted(number)
        return gettext("%(what)s in a bulk action", what=said) if details.get("others") else said
    if what in ("admin.added", "admin.deleted", "admin.changed"):
        if rows := details.get("rows"):
            return gettext("%(what)s %(n)s rows at once", what=event(what), n=f"{rows:,}")
        return gettext("%(what)s this %(noun)s", what=event(what), noun=noun)
    if what == "admin.exported":
        return gettext("exported rows")
    return event(what)


def source(entry: Any, label: str, nouns: tuple[str, str]) -> str:
    """By which page it was done: “Action “Publish”, with 4 other posts”.

    :param label: the words of the action.
    :param nouns: what one record is called, and several.
    """
    details = entry.details
    page = str(details.get("page", ""))
    said = _PAGES.get(page, gettext("Admin") if entry.action.startswith("admin.") else "")
    if details.get("action"):
        said = gettext("Action “%(action)s”", action=label)
    if others := details.get("others"):
        noun = nouns[0] if others == 1 else nouns[1]
        said = gettext("%(page)s, with %(n)s other %(noun)s", page=said, n=f"{others:,}", noun=noun)
    return said


def moment(value: dt.datetime) -> str:
    """A moment to the minute, as everywhere in UTC."""
    month = _MONTHS[value.month - 1]
    return f"{value.day} {month} {value.year}, {value:%H:%M}"


def _counted(number: int) -> str:
    return gettext("changed %(n)s fields", n=number)
