"""The public face of the signals."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest

from flask_lback import signals
from flask_lback.exceptions import UnknownNameError


def test_a_signal_is_imported_by_its_name() -> None:
    from flask_lback.auth.signals import user_logged_in as declared
    from flask_lback.signals import user_logged_in

    assert user_logged_in is declared


def test_every_signal_of_the_catalogue_can_be_imported() -> None:
    names = [signal.name for signal in signals.catalogue]
    assert len(names) > 20
    assert all(getattr(signals, name).name == name for name in names)


def test_an_unknown_signal_is_refused_with_the_nearest() -> None:
    with pytest.raises(AttributeError) as caught:
        signals.user_loged_in  # noqa: B018
    assert str(caught.value) == (
        "There is no signal 'user_loged_in'. Did you mean 'user_logged_in'?"
    )
    with pytest.raises(ImportError):
        importlib.import_module("flask_lback.signals.user_logged_in")
    assert not hasattr(signals, "_private")


def test_the_dispatcher_connects_by_name() -> None:
    heard: list[Any] = []

    def receive(sender: Any, **values: Any) -> None:
        heard.append((sender, values["user"]))

    signals.dispatcher.connect("user_login_successful", receive)
    try:
        signals.dispatcher.send("user_login_successful", "manager", user="ann", request=None)
    finally:
        signals.dispatcher.disconnect("user_login_successful", receive)
    assert heard == [("manager", "ann")]


def test_the_dispatcher_refuses_an_unknown_name_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'user_login_successful'"):
        signals.dispatcher.connect("user_login_succesful", print)


def test_every_signal_says_when_it_is_sent_by_whom_and_with_what() -> None:
    for signal in signals.catalogue:
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z]+)+", signal.name)
        assert (signal.__doc__ or "").endswith("."), signal.name
        assert signal.sender, signal.name
        assert all(signal.arguments.values()), signal.name
        assert "app" not in signal.arguments, signal.name
