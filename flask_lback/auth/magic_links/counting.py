"""How often links may be asked for, and tried."""

from __future__ import annotations

from ...core.state import current_state
from ...exceptions import TokenError
from ...limits.service import RateLimits, caller
from ..audit.service import Audit
from ..settings import LimitSettings
from ..users.names import canonical
from .service import Link, MagicLinks


def ask(email: str, target: str) -> None:
    """Ask for a link; a network address has one budget for every kind of mail.

    :raises Problem: 429, there were too many.
    """
    state = current_state()
    limits, settings = state[RateLimits], state[LimitSettings]
    limits.hit(settings.mail_per_address, "mail-address", caller())
    limits.hit(settings.mail_per_account, "mail-magic-link", canonical(email))
    state[MagicLinks].request(email, target)


def look(token: str) -> Link:
    """What a link stands for; only links that are not good are counted.

    :raises TokenError: it is not good.
    :raises Problem: 429, there were too many that are not.
    """
    return _try(token, uses=False)


def take(token: str) -> Link:
    """Take a link in, once; it is counted as by :func:`look`, and a refusal is noted.

    :raises TokenError: it is not good.
    :raises Problem: 429, there were too many that are not.
    """
    return _try(token, uses=True)


def _try(token: str, *, uses: bool) -> Link:
    state = current_state()
    links, limits = state[MagicLinks], state[RateLimits]
    limit, key = state[LimitSettings].token_per_address, ("token-address", caller())
    limits.check(limit, *key)
    try:
        return links.use(token) if uses else links.read(token)
    except TokenError as error:
        limits.hit(limit, *key)
        if uses:
            state[Audit].refuse("auth.magic_link", reason=error.code)
        raise
