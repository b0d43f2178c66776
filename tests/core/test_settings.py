"""Settings: a wrong one stops the start and says which, what is wrong, and what is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from flask_lback import ConfigError
from flask_lback.core.settings import (
    Settings,
    declarations,
    describe,
    read,
    refuse_unknown,
    setting,
)


@dataclass(frozen=True)
class TeaSettings(Settings):
    prefix: ClassVar[str] = "LBACK_TEA_"

    hot: bool = setting(True, "Whether it is hot.")
    cups: int = setting(2, "How many.", minimum=1)
    litres: float = setting(0.5, "How much.")
    kind: str = setting("green", "Which.", choices=("green", "black"))
    sort: str | None = setting(None, "Which leaf.", aliases=("TEA_SORT", "OLD_SORT"))
    guests: tuple[str, ...] = setting((), "Who comes.")
    prices: Mapping[str, int] = setting({}, "What it costs.")
    extra: tuple[Any, ...] | None = setting(None, "Whatever.")
    code: str | None = setting(None, "The code of the cupboard.", secret=True)
    address: str | None = setting(None, "Where, such as `x@y`.", pattern=r"\w+@\w+")
    often: str = setting("1 per day", "How often.", pattern=r"\d+ per day")


def test_without_keys_everything_has_its_default() -> None:
    tea = read(TeaSettings, {})
    assert (tea.hot, tea.cups, tea.litres, tea.kind, tea.sort) == (True, 2, 0.5, "green", None)
    assert (tea.guests, tea.prices) == ((), {})


def test_defaults_that_are_mappings_are_not_shared() -> None:
    assert read(TeaSettings, {}).prices is not read(TeaSettings, {}).prices


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [
        ("HOT", False, False),
        ("CUPS", 7, 7),
        ("LITRES", 1, 1),
        ("LITRES", 1.5, 1.5),
        ("KIND", "black", "black"),
        ("SORT", "oolong", "oolong"),
        ("SORT", None, None),
        ("GUESTS", ["ann"], ("ann",)),
        ("GUESTS", ("ann", "bo"), ("ann", "bo")),
        ("PRICES", {"cup": 3}, {"cup": 3}),
        ("EXTRA", ["a", ("b", {})], ("a", ("b", {}))),
        ("ADDRESS", "a@b", "a@b"),
        ("ADDRESS", None, None),
    ],
)
def test_a_value_of_the_right_type_is_taken(key: str, value: Any, kept: Any) -> None:
    assert getattr(read(TeaSettings, {f"LBACK_TEA_{key}": value}), key.lower()) == kept


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("HOT", "False", "LBACK_TEA_HOT is 'False' (str), but must be bool. The default is True."),
        ("HOT", 1, "LBACK_TEA_HOT is 1 (int), but must be bool. The default is True."),
        ("CUPS", "2", "LBACK_TEA_CUPS is '2' (str), but must be int. The default is 2."),
        ("CUPS", True, "LBACK_TEA_CUPS is True (bool), but must be int. The default is 2."),
        ("CUPS", None, "LBACK_TEA_CUPS is None (NoneType), but must be int. The default is 2."),
        ("CUPS", 0, "LBACK_TEA_CUPS is 0. Use 1 or more."),
        ("LITRES", True, "LBACK_TEA_LITRES is True (bool), but must be float. The default is 0.5."),
        ("KIND", "red", "LBACK_TEA_KIND is 'red'. Use one of 'green', 'black'."),
        ("SORT", 3, "LBACK_TEA_SORT is 3 (int), but must be str or None. The default is None."),
        (
            "GUESTS",
            "ann",
            "LBACK_TEA_GUESTS is 'ann' (str), but must be list of str. The default is ().",
        ),
        (
            "GUESTS",
            ["ann", 3],
            "LBACK_TEA_GUESTS is ('ann', 3) (tuple), but must be list of str. The default is ().",
        ),
        (
            "PRICES",
            {"cup": "3"},
            "LBACK_TEA_PRICES is {'cup': '3'} (dict), but must be mapping of str to int. "
            "The default is {}.",
        ),
        (
            "PRICES",
            [("cup", 3)],
            "LBACK_TEA_PRICES is (('cup', 3),) (tuple), but must be mapping of str to int. "
            "The default is {}.",
        ),
        ("ADDRESS", "nobody", "LBACK_TEA_ADDRESS is 'nobody'. Where, such as `x@y`."),
        ("OFTEN", "daily", "LBACK_TEA_OFTEN is 'daily'. The default is '1 per day'."),
    ],
)
def test_a_wrong_value_is_refused_with_key_value_and_remedy(
    key: str, value: Any, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(TeaSettings, {f"LBACK_TEA_{key}": value})
    assert str(caught.value) == message


def test_a_secret_is_not_shown_when_it_is_wrong() -> None:
    with pytest.raises(ConfigError) as caught:
        read(TeaSettings, {"LBACK_TEA_CODE": 987654})
    assert str(caught.value) == (
        "LBACK_TEA_CODE is a secret value, but must be str or None. The default is None."
    )


def test_an_alias_is_read_when_the_key_is_not_there() -> None:
    assert read(TeaSettings, {"OLD_SORT": "mate"}).sort == "mate"
    assert read(TeaSettings, {"TEA_SORT": None, "OLD_SORT": "mate"}).sort == "mate"
    assert read(TeaSettings, {"LBACK_TEA_SORT": "mint", "TEA_SORT": "mate"}).sort == "mint"
    assert read(TeaSettings, {"LBACK_TEA_SORT": None, "TEA_SORT": "mate"}).sort is None


def test_a_wrong_alias_is_named_as_it_was_written() -> None:
    with pytest.raises(ConfigError, match=r"^TEA_SORT is 3 \(int\), but must be str or None\."):
        read(TeaSettings, {"TEA_SORT": 3})


def test_an_unknown_key_is_refused_with_the_nearest() -> None:
    keys = [declared.key for declared in declarations(TeaSettings)]
    with pytest.raises(ConfigError) as caught:
        refuse_unknown({"LBACK_TEA_CUP": 3, "TEA_OTHER": 1}, keys)
    assert str(caught.value) == "Unknown setting LBACK_TEA_CUP. Did you mean LBACK_TEA_CUPS?"


def test_an_unknown_key_that_resembles_nothing_leads_to_the_reference() -> None:
    with pytest.raises(ConfigError) as caught:
        refuse_unknown({"LBACK_ZZZZZZZZZZZZZ": 3}, ["LBACK_TEA_CUPS"])
    assert (
        str(caught.value) == "Unknown setting LBACK_ZZZZZZZZZZZZZ. See the reference of settings."
    )


def test_keys_of_others_are_left_alone() -> None:
    refuse_unknown({"SQLALCHEMY_ECHO": True, "MY_LBACK": 1}, [])


def test_types_are_named_in_words() -> None:
    words = {one.field: describe(one.type) for one in declarations(TeaSettings)}
    assert words["guests"] == "list of str"
    assert words["prices"] == "mapping of str to int"
    assert words["extra"] == "list of anything or None"
