"""The ways to prove a second time who one is, whichever part brings them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Way:
    """One way of a second proof.

    :ivar name: such as ``totp``; a session's method names it after a plus.
    :ivar label: what people call it; translated when it is shown.
    :ivar endpoint: of the page that performs it for whoever waits with a challenge.
    :ivar has: whether an account has set it up.
    :ivar counts: whether having it alone makes an account ask for a second proof; recovery codes
        only stand in for another way.
    :ivar forget: takes the way from an account, without a commit, when an administrator resets its
        second factor.
    """

    name: str
    label: str
    endpoint: str
    has: Callable[[Any], bool]
    counts: bool = True
    forget: Callable[[Any], Any] | None = None


class SecondFactors:
    """The ways of one application; parts offer theirs in their ``plan``."""

    def __init__(self) -> None:
        self._ways: dict[str, Way] = {}

    def offer(self, way: Way) -> None:
        """Add a way; one of the same name takes the place of the former."""
        self._ways[way.name] = way

    def forget(self, user: Any) -> None:
        """Take every way from an account that can be taken; the caller commits."""
        for way in self._ways.values():
            if way.forget is not None:
                way.forget(user)

    def ways(self, user: Any) -> list[Way]:
        """The ways that this account can use, those that count first.

        Empty when it has none that counts: what stands in for a way is none by itself.
        """
        usable = [way for way in self._ways.values() if way.has(user)]
        if not any(way.counts for way in usable):
            return []
        return sorted(usable, key=lambda way: not way.counts)
