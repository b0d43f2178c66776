"""blinker signals with a catalogue: every one is declared with its sender and arguments.

Signals are process-wide, as in blinker; each one carries ``app``. A receiver that raises is
logged and changes neither the response nor a security decision.
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from blinker import NamedSignal
from flask import current_app, has_app_context

from ..exceptions import UnknownNameError

logger = logging.getLogger(__name__)

Receiver = Callable[..., Any]


class Signal(NamedSignal):
    """A blinker signal that knows what it carries.

    :ivar sender: what the sender is, in words.
    :ivar arguments: name of each argument and what it is, ``app`` apart.
    """

    def __init__(self, name: str, doc: str, sender: str, arguments: Mapping[str, str]) -> None:
        super().__init__(name, doc)
        self.sender = sender
        self.arguments = dict(arguments)

    def emit(self, sender: Any, **values: Any) -> None:
        """Tell every receiver. What one of them raises is logged, and the others still run."""
        if not self.receivers or self.is_muted:
            return
        if has_app_context():
            values.setdefault("app", current_app._get_current_object())  # type: ignore[attr-defined]
        for receiver in self.receivers_for(sender):
            try:
                receiver(sender, **values)
            except Exception:
                logger.exception("A receiver of the signal %s failed: %r", self.name, receiver)


class Catalogue:
    """Every declared signal, by name."""

    def __init__(self) -> None:
        self._signals: dict[str, Signal] = {}

    def declare(self, name: str, doc: str, /, *, sender: str, **arguments: str) -> Signal:
        """Declare a signal where the event is; its name is a past participle.

        :param doc: when it is sent, in one sentence.
        :param sender: what the sender is.
        :param arguments: what each argument is.
        """
        signal = Signal(name, doc, sender, arguments)
        return self._signals.setdefault(name, signal)

    def __getitem__(self, name: str) -> Signal:
        try:
            return self._signals[name]
        except KeyError:
            near = difflib.get_close_matches(name, self._signals, n=1)
            raise UnknownNameError(
                f"There is no signal {name!r}.",
                f"Did you mean {near[0]!r}?" if near else "`flask lback signals` lists them.",
            ) from None

    def __iter__(self) -> Iterator[Signal]:
        return iter(sorted(self._signals.values(), key=lambda signal: signal.name))


class Dispatcher:
    """Lback's interface: signals by name, receivers kept alive until they disconnect."""

    def __init__(self, signals: Catalogue) -> None:
        self._signals = signals

    def connect(self, name: str, receiver: Receiver) -> Receiver:
        """Call ``receiver(sender, **arguments)`` at each signal of that name.

        :raises UnknownNameError: names the nearest signal that exists.
        """
        self._signals[name].connect(receiver, weak=False)
        return receiver

    def disconnect(self, name: str, receiver: Receiver) -> None:
        """Undo :meth:`connect`; nothing happens when it was not connected."""
        self._signals[name].disconnect(receiver)

    def send(self, name: str, sender: Any = None, **values: Any) -> None:
        """Send a declared signal."""
        self._signals[name].emit(sender, **values)


#: The one catalogue of the process, as blinker's own default namespace is.
catalogue = Catalogue()
declare = catalogue.declare

error_response_generated = declare(
    "error_response_generated",
    "An error page or an error document has been made.",
    sender="the application",
    status_code="the HTTP status, an int",
    error_message="what the person is told",
    request="the request",
    response="the response",
    exception="what was raised",
)
database_initialized = declare(
    "database_initialized",
    "`init-db` has made the missing tables.",
    sender="the application",
)
database_migrated = declare(
    "database_migrated",
    "`migrate` has brought the database to the newest revision.",
    sender="the application",
)
