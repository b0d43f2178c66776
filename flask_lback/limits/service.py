"""Count attempts, and refuse when there were too many."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

from flask import Flask, current_app

from ..core.errors import Problem
from ..core.translation import gettext
from .settings import RateLimitSettings

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.storage import Storage
    from limits.strategies import FixedWindowRateLimiter


class RateLimits:
    """The counters of one application.

    When the application has a Flask-Limiter, its store is shared. When the store cannot be
    reached, counting goes on in this process: nothing becomes unlimited.
    """

    def __init__(self, settings: RateLimitSettings) -> None:
        self._settings = settings
        self._strategies: list[FixedWindowRateLimiter] = []
        self._items: dict[str, RateLimitItem] = {}

    def hit(self, limit: str, *key: str) -> None:
        """Count one attempt.

        :param limit: such as ``"10 per 15 minutes"``.
        :param key: what is limited, and for whom; values are hashed before they are stored.
        :raises Problem: 429 with ``Retry-After``, in seconds, when the limit is passed.
        """
        if self._settings.enabled and not self._call("hit", limit, key):
            raise self._refusal(limit, key)

    def check(self, limit: str, *key: str) -> None:
        """Refuse as :meth:`hit` does, without counting."""
        if self._settings.enabled and not self._call("test", limit, key):
            raise self._refusal(limit, key)

    def clear(self, limit: str, *key: str) -> None:
        """Forget the attempts counted under a key."""
        self._call("clear", limit, key)

    def _refusal(self, limit: str, key: tuple[str, ...]) -> Problem:
        reset: float = self._call("get_window_stats", limit, key)[0]
        wait = max(1, int(reset - time.time()) + 1)
        return Problem(
            429,
            "throttled",
            gettext("Too many attempts. Try again in %(n)s seconds.", n=wait),
            headers={"Retry-After": str(wait)},
        )

    def _call(self, name: str, limit: str, key: tuple[str, ...]):  # type: ignore[no-untyped-def]
        digest = hashlib.sha256("\0".join(key[1:]).encode()).hexdigest()[:32]
        for strategy in self._ready():
            try:
                return getattr(strategy, name)(self._item(limit), "lback", key[0], digest)
            except Exception:
                current_app.logger.exception("The store of the rate limits does not answer")
        raise Problem(503, "limits_unavailable", gettext("Try again in a minute."))

    def _item(self, limit: str) -> RateLimitItem:
        if limit not in self._items:
            from limits import parse

            self._items[limit] = parse(limit)
        return self._items[limit]

    def _ready(self) -> list[FixedWindowRateLimiter]:
        if not self._strategies:
            from limits.storage import MemoryStorage
            from limits.strategies import FixedWindowRateLimiter

            stores = [_store(current_app, self._settings.storage_url), MemoryStorage()]
            self._strategies = [FixedWindowRateLimiter(store) for store in stores]
        return self._strategies


def _store(app: Flask, url: str) -> Storage:
    for limiter in app.extensions.get("limiter", ()):
        return limiter.storage  # type: ignore[no-any-return]
    from limits.storage import storage_from_string

    return storage_from_string(url)  # type: ignore[return-value]
