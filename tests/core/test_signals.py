"""Signals: everybody hears them, and nobody can break anything by listening."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from flask import Flask

from flask_lback.core.signals import Catalogue, Dispatcher, Signal
from flask_lback.exceptions import UnknownNameError


@pytest.fixture
def signals() -> Catalogue:
    return Catalogue()


@pytest.fixture
def tea(signals: Catalogue) -> Signal:
    return signals.declare("tea_poured", "Tea was poured.", sender="the pot", cups="how many")


def test_a_signal_says_what_it_carries(tea: Signal) -> None:
    assert (tea.name, tea.sender, tea.arguments) == ("tea_poured", "the pot", {"cups": "how many"})
    assert tea.__doc__ == "Tea was poured."


def test_a_receiver_hears_sender_and_arguments(tea: Signal) -> None:
    heard: list[Any] = []

    def receive(sender: Any, **values: Any) -> None:
        heard.append((sender, values))

    tea.connect(receive)
    tea.emit("pot", cups=2)
    assert heard == [("pot", {"cups": 2})]


def test_within_an_application_the_signal_carries_it(tea: Signal) -> None:
    heard: list[Any] = []

    def receive(sender: Any, **values: Any) -> None:
        heard.append(values["app"])

    tea.connect(receive)
    app, other = Flask("shop"), Flask("other")
    with app.app_context():
        tea.emit("pot")
        tea.emit("pot", app=other)
    assert heard == [app, other]


def test_a_receiver_hears_its_own_sender_only(tea: Signal) -> None:
    heard: list[Any] = []

    def receive(sender: Any, **values: Any) -> None:
        heard.append(sender)

    tea.connect(receive, sender="red pot")
    tea.emit("blue pot")
    tea.emit("red pot")
    assert heard == ["red pot"]


def test_a_receiver_that_raises_is_logged_and_the_others_still_hear(
    tea: Signal, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[Any] = []

    def spill(sender: Any, **values: Any) -> None:
        raise RuntimeError("spilled")

    def receive(sender: Any, **values: Any) -> None:
        heard.append(sender)

    def spill_too(sender: Any, **values: Any) -> None:
        raise RuntimeError("spilled again")

    for receiver in (spill, receive, spill_too):
        tea.connect(receiver)
    tea.emit("pot")
    assert heard == ["pot"]
    messages = [record.getMessage() for record in caplog.records]
    assert [text.partition(": ")[0] for text in messages] == [
        "A receiver of the signal tea_poured failed"
    ] * 2
    assert "spilled again" in caplog.text


def test_a_muted_signal_is_heard_by_nobody(tea: Signal) -> None:
    def receive(sender: Any, **values: Any) -> None:
        raise AssertionError

    tea.connect(receive)
    with tea.muted():
        tea.emit("pot")


def test_declaring_a_name_twice_gives_the_same_signal(signals: Catalogue, tea: Signal) -> None:
    assert signals.declare("tea_poured", "Again.", sender="x") is tea


def test_the_catalogue_is_in_order_of_names(signals: Catalogue, tea: Signal) -> None:
    signals.declare("cup_broken", "A cup broke.", sender="the cup")
    assert [signal.name for signal in signals] == ["cup_broken", "tea_poured"]


def test_an_unknown_name_is_refused_with_the_nearest(signals: Catalogue, tea: Signal) -> None:
    with pytest.raises(UnknownNameError) as caught:
        signals["tea_pourd"]
    assert str(caught.value) == "There is no signal 'tea_pourd'. Did you mean 'tea_poured'?"


def test_an_unknown_name_that_resembles_nothing_leads_to_the_list(signals: Catalogue) -> None:
    with pytest.raises(UnknownNameError) as caught:
        signals["zzz"]
    assert str(caught.value) == "There is no signal 'zzz'. `flask lback signals` lists them."


def test_the_dispatcher_keeps_a_receiver_until_it_is_disconnected(
    signals: Catalogue, tea: Signal
) -> None:
    dispatcher, heard = Dispatcher(signals), []

    def connect() -> Any:
        def receive(sender: Any, **values: Any) -> None:
            heard.append((sender, values))

        return dispatcher.connect("tea_poured", receive)

    connect()
    gc.collect()
    dispatcher.send("tea_poured", "pot", cups=1)
    assert heard == [("pot", {"cups": 1})]
    [receiver] = tea.receivers_for("pot")
    dispatcher.disconnect("tea_poured", receiver)
    dispatcher.disconnect("tea_poured", receiver)
    dispatcher.send("tea_poured", "pot", cups=2)
    assert len(heard) == 1


@pytest.mark.parametrize("call", ["connect", "disconnect", "send"])
def test_the_dispatcher_refuses_an_unknown_name(signals: Catalogue, tea: Signal, call: str) -> None:
    arguments = () if call == "send" else (print,)
    with pytest.raises(UnknownNameError, match="Did you mean 'tea_poured'"):
        getattr(Dispatcher(signals), call)("teapoured", *arguments)
