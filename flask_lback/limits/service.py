"""Count attempts, and refuse when there were too many."""

from __future__ import annotations

import hashlib
import ipaddress
import threading
import time
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, has_request_context, request

from ..core import clock
from ..core.errors import Problem
from ..core.security_log import write_refusal
from ..core.translation import gettext
from .settings import RateLimitSettings

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.storage import Storage
    from limits.strategies import FixedWindowRateLimiter

#: How long a store that did not answer is left alone, and how long one may take to answer.
RETRY_SECONDS = 60
PATIENCE_SECONDS = 1.0


class RateLimits:
    """The counters of one application.

    When the application has a Flask-Limiter, its store is shared. When the store cannot be
    reached, counting goes on in this process, and the store is asked again after a minute: nothing
    becomes unlimited, and nobody waits for a dead server at every request.
    """

    def __init__(self, settings: RateLimitSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._shared: FixedWindowRateLimiter | None = None
        self._own: FixedWindowRateLimiter | None = None
        self._items: dict[str, list[RateLimitItem]] = {}
        self._away_until = 0.0

    def hit(self, limit: str, *key: str) -> None:
        """Count one attempt.

        :param limit: such as ``"10 per 15 minutes"``, or several with semicolons between them, of
            which each must hold: who goes on waits longer and longer.
        :param key: what is limited, and for whom; values are hashed before they are stored.
        :raises Problem: 429 with ``Retry-After``, in seconds, when the limit is passed.
        """
        if not self.allows(limit, *key):
            raise self.refusal(limit, *key)

    def allows(self, limit: str, *key: str) -> bool:
        """Count one attempt, and tell whether the limit still holds.

        What a shorter window refuses is not counted in the longer ones.
        """
        return not self._settings.enabled or all(
            self._call("hit", item, key) for item in self._windows(limit)
        )

    def check(self, limit: str, *key: str) -> None:
        """Refuse as :meth:`hit` does, without counting."""
        if self._settings.enabled and not all(
            self._call("test", item, key) for item in self._windows(limit)
        ):
            raise self.refusal(limit, *key)

    def count(self, limit: str, *key: str) -> int:
        """How many attempts the longest window of a limit holds."""
        item = self._windows(limit)[-1]
        return int(item.amount - self._call("get_window_stats", item, key).remaining)

    def give_back(self, limit: str, *key: str) -> None:
        """Take one attempt back that turned out to be none; others stay counted.

        A store that cannot count down keeps it: that is no reason to leave the store.
        """
        store = self._shared_store if clock.timestamp() >= self._away_until else self._own_store
        for item in self._windows(limit):
            try:
                store().hit(item, *_place(key), cost=-1)
            except Exception:
                current_app.logger.debug("An attempt stays counted", exc_info=True)

    def clear(self, limit: str, *key: str) -> None:
        """Forget the attempts counted under a key."""
        for item in self._windows(limit):
            self._call("clear", item, key)

    @property
    def is_shared(self) -> bool:
        """Whether other processes see these counts."""
        from limits.storage import MemoryStorage

        return not isinstance(self._shared_store().storage, MemoryStorage)

    def refusal(self, limit: str, *key: str) -> Problem:
        """The 429 of a limit that is passed; ``Retry-After`` is when each window lets through."""
        found = [self._call("get_window_stats", item, key) for item in self._windows(limit)]
        reset = max((reset for reset, remaining in found if not remaining), default=0.0)
        wait = max(1, int(reset - time.time()) + 1)
        write_refusal("security.throttled", limit=limit, counted=key[0])
        return Problem(
            429,
            "throttled",
            _patience(wait),
            headers={"Retry-After": str(wait)},
        )

    def _call(self, name: str, item: RateLimitItem, key: tuple[str, ...]) -> Any:
        arguments = (item, *_place(key))
        if clock.timestamp() >= self._away_until:
            try:
                return getattr(self._shared_store(), name)(*arguments)
            except Exception:
                self._away_until = clock.timestamp() + RETRY_SECONDS
                current_app.logger.exception(
                    "The store of the rate limits does not answer; this process counts by itself"
                )
        return getattr(self._own_store(), name)(*arguments)

    def _windows(self, limit: str) -> list[RateLimitItem]:
        """What a text says, the shortest window first."""
        if limit not in self._items:
            from limits import parse_many

            self._items[limit] = sorted(parse_many(limit), key=lambda item: item.get_expiry())
        return self._items[limit]

    def _shared_store(self) -> FixedWindowRateLimiter:
        with self._lock:  # two would count apart
            if self._shared is None:
                from limits.strategies import FixedWindowRateLimiter

                self._shared = FixedWindowRateLimiter(
                    _store(current_app, self._settings.storage_url)
                )
            return self._shared

    def _own_store(self) -> FixedWindowRateLimiter:
        with self._lock:
            if self._own is None:
                from limits.storage import MemoryStorage
                from limits.strategies import FixedWindowRateLimiter

                self._own = FixedWindowRateLimiter(MemoryStorage())
            return self._own


def _patience(seconds: int) -> str:
    """What somebody is told who has to wait."""
    if seconds < 120:
        return gettext("Too many attempts. Try again in %(n)s seconds.", n=seconds)
    return gettext("Too many attempts. Try again in %(n)s minutes.", n=-(-seconds // 60))


def caller() -> str:
    """Whose attempts are counted together: the client's address, or its IPv6 network.

    Every customer is given a /64 at least, and could try from another address each time.
    """
    text = (request.remote_addr or "") if has_request_context() else "no request"
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if isinstance(address, ipaddress.IPv4Address):
        return text
    return str(address.ipv4_mapped or ipaddress.ip_network((int(address), 64), strict=False))


def _place(key: tuple[str, ...]) -> tuple[str, str, str]:
    """Under which name something is counted; a store may be read by others."""
    return "lback", key[0], hashlib.sha256("\0".join(key[1:]).encode()).hexdigest()[:32]


def _store(app: Flask, url: str) -> Storage:
    for limiter in app.extensions.get("limiter", ()):
        return limiter.storage  # type: ignore[no-any-return]
    from limits.storage import storage_from_string

    # The drivers would wait for ever for a server that takes a connection and says nothing.
    options: dict[str, float] = (
        dict.fromkeys(("socket_timeout", "socket_connect_timeout"), PATIENCE_SECONDS)
        if url.startswith(("redis://", "rediss://"))
        else {}
    )
    return storage_from_string(url, **options)  # type: ignore[return-value]
