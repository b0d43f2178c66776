"""Settings: how often the account routes may be used, and how every part declares its limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ...core.settings import Settings, setting
from ...limits.settings import LIMIT, LIMITS


def one_limit(default: str, doc: str) -> Any:
    """Declare the setting of one limit, such as ``5 per hour``.

    :param default: what holds when the application says nothing.
    :param doc: what is counted, for the reference page.
    """
    return setting(default, doc, pattern=LIMIT)


def several_limits(default: str, doc: str) -> Any:
    """Declare a setting of limits that hold together, such as ``5 per minute; 100 per day``.

    :param default: what holds when the application says nothing.
    :param doc: what is counted, for the reference page.
    """
    return setting(default, doc, pattern=LIMITS)


@dataclass(frozen=True)
class LimitSettings(Settings):
    """``LBACK_AUTH_LIMIT_*``: how often the account routes may be used."""

    prefix: ClassVar[str] = "LBACK_AUTH_LIMIT_"

    password_per_account: str = several_limits(
        "10 per minute; 20 per 15 minutes; 100 per day",
        "Wrong passwords for one account, over all ways in and all addresses. Several limits hold "
        "together, so that who goes on waits longer and longer (NIST SP 800-63B: 100 at most).",
    )
    password_per_account_and_address: str = several_limits(
        "5 per minute; 10 per 15 minutes; 50 per day",
        "Wrong passwords for one account from one address: less than the account allows, so that "
        "nobody keeps its owner out of another address from one alone.",
    )
    password_per_device: str = several_limits(
        "5 per 15 minutes",
        "Wrong passwords from a browser that has signed in to the account before, once others have "
        "used the account's own budget up.",
    )
    password_per_address: str = several_limits(
        "60 per 5 minutes", "Wrong passwords from one address."
    )
    register_per_address: str = one_limit("20 per hour", "Registrations from one address.")
    mail_per_account: str = one_limit(
        "5 per hour", "Mails of one kind asked for to one mail address."
    )
    mail_per_address: str = one_limit("30 per hour", "Mails asked for by one network address.")
    token_per_address: str = one_limit("60 per hour", "Mailed tokens tried from one address.")
    refresh_per_address: str = one_limit("120 per minute", "Refresh tokens tried from one address.")
