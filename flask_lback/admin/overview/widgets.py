"""Own widgets of the dashboard: what they may be, and how they are declared.

::

    from flask_lback import admin

    @admin.widget("Sales", permission="shop.view_receipt", cache_for=60)
    def sales() -> admin.Card:
        return admin.Card(count_receipts(), note="this month")

``widget`` leaves its declaration on the module that calls it, as ``register`` does.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ...exceptions import ConfigError
from ...permissions.names import as_names, is_name, refusal_of

#: Where a module keeps the widgets that were declared in it.
ATTRIBUTE = "__lback_admin_widgets__"


@dataclass(frozen=True)
class Card:
    """One number or word, large.

    :ivar note: a line below it.
    :ivar url: where more about it stands.
    """

    value: Any
    note: str = ""
    url: str = ""


@dataclass(frozen=True)
class Chart:
    """Bars per day, up to today.

    :ivar values: numbers by day, none below zero; a day without one counts as none.
    :ivar is_bad: whether each one is a misfortune.
    :ivar url: where more about it stands.
    """

    values: Mapping[dt.date, float]
    is_bad: bool = False
    url: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of values.

    :ivar columns: the headings.
    :ivar rows: as many values each; they are shown as in a list of the panel. ``Markup`` stays.
    :ivar url: where more about it stands.
    """

    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]
    url: str = ""


@dataclass(frozen=True)
class Text:
    """A few words.

    :ivar text: plain text, whose lines stay; or ``Markup``.
    :ivar url: where more about it stands.
    """

    text: str
    url: str = ""


#: What the function of a widget returns; None when there is nothing to show.
Content = Card | Chart | Table | Text | None
W = TypeVar("W", bound=Callable[[], Content])


@dataclass(frozen=True)
class Widget:
    """What was declared.

    :ivar permissions: of which one is enough; none: every account that may enter the panel.
    :ivar where: the module that declared it, for the log.
    """

    title: str
    function: Callable[[], Content]
    permissions: tuple[str, ...]
    cache_for: float
    per_user: bool
    where: str


def widget(
    title: str,
    *,
    permission: str | Sequence[str] | None,
    cache_for: float = 0,
    per_user: bool = False,
) -> Callable[[W], W]:
    """Show what a function returns on the dashboard.

    :param title: the words over it.
    :param permission: who sees it: one permission, or several of which one is enough. None shows
        it to every account that may enter the panel.
    :param cache_for: for so many seconds the answer is kept, in each process, for all who see it.
        The function then must not ask who looks.
    :param per_user: keep an answer for each account by itself.
    :raises ConfigError: one of them cannot be.
    """
    frame = sys._getframe(1)
    kept = frame.f_globals.setdefault(ATTRIBUTE, [])
    where = str(frame.f_globals.get("__name__"))
    return declare(kept.append, where, title, permission, cache_for, per_user)


def declare(
    keep: Callable[[Widget], None],
    where: str,
    title: str,
    permission: str | Sequence[str] | None,
    cache_for: float,
    per_user: bool,
) -> Callable[[W], W]:
    """The decorator that keeps a widget; see :func:`widget`.

    :raises ConfigError: an option cannot be.
    """
    words: Any = title
    if not isinstance(words, str) or not words.strip():
        raise ConfigError(
            f"admin.widget in {where} has the title {title!r}.", 'Write @admin.widget("Sales", …).'
        )
    seconds: Any = cache_for
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
        raise ConfigError(
            f"The widget {title!r} in {where} has cache_for={cache_for!r}.",
            "Give seconds, or leave it out.",
        )
    names = _names(title, where, permission)

    def decorate(function: W) -> W:
        if not callable(function):
            raise ConfigError(
                f"The widget {title!r} in {where} is {function!r}, no function.",
                "Put the decorator over a function without parameters.",
            )
        keep(Widget(title, function, names, float(seconds), bool(per_user), where))
        return function

    return decorate


def _names(title: str, where: str, permission: Any) -> tuple[str, ...]:
    if permission is None:
        return ()
    if (names := as_names(permission)) is not None:
        return tuple(sorted(names))
    bad = permission
    if not isinstance(permission, str) and isinstance(permission, Iterable):
        bad = next((one for one in permission if not is_name(one)), permission)
    what, remedy = refusal_of(bad)
    raise ConfigError(f"The widget {title!r} in {where}: {what}", remedy)
