"""What a new password must be: the rules by default, validators of one's own, stolen passwords."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flask_lback.auth import UserManager
from flask_lback.auth.password_validation import (
    BreachedPasswordValidator,
    CommonPasswordValidator,
    MaximumLengthValidator,
    MinimumLengthValidator,
    NumericPasswordValidator,
    PasswordRefusedError,
    UserAttributeSimilarityValidator,
    get_default_password_validators,
    get_password_validators,
    password_validators_help_texts,
    validate_password,
)
from flask_lback.auth.passwords.policy import PasswordPolicy, complaints_of
from flask_lback.auth.settings import PasswordSettings
from flask_lback.core.settings import read
from flask_lback.exceptions import ConfigError, InvalidFieldsError, LbackError
from tests.support.apps import PASSWORD, Site, make_site
from tests.support.visitor import Visitor, errors_of

DJANGO = "django.contrib.auth.password_validation."
#: A list as it stands in the settings file of a Django project.
DJANGO_LIST = [
    {"NAME": DJANGO + "UserAttributeSimilarityValidator", "OPTIONS": {"max_similarity": 0.6}},
    {"NAME": DJANGO + "MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": DJANGO + "CommonPasswordValidator"},
    {"NAME": DJANGO + "NumericPasswordValidator"},
]
TOO_SIMILAR = "This is too close to your name or address. Choose another one."
TOO_COMMON = "This password is on every guesser's list. Choose another one."
STOLEN = "This password was stolen from another site. Choose another one."


def policy(**config: Any) -> PasswordPolicy:
    """The policy of an application with this configuration."""
    return PasswordPolicy(read(PasswordSettings, config))


class NoTea:
    """A validator as anybody writes one."""

    def __init__(self, word: str = "tea") -> None:
        self.word = word
        self.told: list[tuple[str, str | None]] = []

    def validate(self, password: str, user: Any = None) -> None:
        if self.word in password:
            raise ValueError(f"No {self.word}, {getattr(user, 'username', 'friend')}.")

    def get_help_text(self) -> str:
        return f"Without {self.word}."

    def password_changed(self, password: str, user: Any = None) -> None:
        self.told.append((password, getattr(user, "username", None)))


class Silent:
    """A validator that refuses without a word."""

    def validate(self, password: str, user: Any = None) -> None:
        raise ValueError

    def get_help_text(self) -> str:
        return ""


NO_COFFEE = NoTea("coffee")


# --- by default -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "complaints"),
    [
        ("only lower case and long", []),
        ("1029384756102938", []),
        ("x" * 128, []),
        ("seven 7", ["Use at least 8 characters."]),
        ("x" * 129, ["Use at most 128 characters."]),
        ("PassWord1", [TOO_COMMON]),
        ("abc123", ["Use at least 8 characters.", TOO_COMMON]),
        ("ada.lovelace", [TOO_SIMILAR]),
        ("Lovelace99", [TOO_SIMILAR]),
        ("lovelace and a whole sentence", []),
        ("null\x00byte in it", ["A password cannot hold this character."]),
        ("half \ud800 a character", ["A password cannot hold this character."]),
    ],
)
def test_the_rules_of_an_application_that_says_nothing(
    password: str, complaints: list[str]
) -> None:
    owner = SimpleNamespace(username="ada", email="ada.lovelace@example.org")
    assert policy().complaints(password, owner) == complaints


def test_the_settings_of_the_rules_by_default() -> None:
    loose = policy(
        LBACK_AUTH_PASSWORD_MIN_LENGTH=4,
        LBACK_AUTH_PASSWORD_REFUSE_COMMON=False,
        LBACK_AUTH_PASSWORD_REFUSE_SIMILAR=False,
    )
    assert loose.complaints("1234", SimpleNamespace(username="1234")) == []
    assert loose.complaints("123") == ["Use at least 4 characters."]
    assert policy(LBACK_AUTH_PASSWORD_MIN_LENGTH=15).help_texts() == [
        "At least 15 characters.",
        "None that is on every guesser's list.",
        "Not close to your name or address.",
    ]


# --- validators of one's own ------------------------------------------------------------------


def test_the_list_of_a_django_project_can_be_kept(make_ready: Callable[..., Site]) -> None:
    site = make_ready(AUTH_PASSWORD_VALIDATORS=DJANGO_LIST)
    told = {
        "elevenchars": ["Use at least 12 characters."],
        "73918264509173": ["Use something else than digits, too."],
        "1234567890": [
            "Use at least 12 characters.",
            TOO_COMMON,
            "Use something else than digits, too.",
        ],
        "maya@example": [TOO_SIMILAR],
    }
    for password, messages in told.items():
        answer = register(site, password)
        assert answer.status_code == 400
        assert [one for one in messages if one not in errors_of(answer.text)] == []
    assert register(site, PASSWORD).status_code == 200


def register(site: Site, password: str) -> Any:
    return Visitor(site.app).submit(
        "/auth/register/", **site.names("maya"), password=password, password_confirm=password
    )


@pytest.mark.parametrize(
    "given",
    [
        NoTea,
        NoTea(),
        f"{__name__}.NoTea",
        f"{__name__}:NoTea",
        {"NAME": f"{__name__}.NoTea"},
        {"NAME": NoTea, "OPTIONS": {"word": "tea"}},
    ],
    ids=["class", "object", "path", "path with a colon", "dict", "dict with options"],
)
def test_a_validator_is_given_in_any_of_these_ways(given: Any) -> None:
    made = policy(LBACK_AUTH_PASSWORD_VALIDATORS=[given])
    assert made.complaints("teapot") == ["No tea, friend."]
    assert made.complaints("teapot", SimpleNamespace(username="ada")) == ["No tea, ada."]
    assert made.complaints("short") == []
    assert made.help_texts() == ["Without tea."]


def test_a_ready_object_is_given_by_its_path() -> None:
    made = policy(LBACK_AUTH_PASSWORD_VALIDATORS=[f"{__name__}.NO_COFFEE"])
    assert made.validators == (NO_COFFEE,)


def test_every_complaint_is_heard_once() -> None:
    validators = [NoTea, NoTea("pot"), NoTea, Silent]
    assert policy(LBACK_AUTH_PASSWORD_VALIDATORS=validators).complaints("teapot") == [
        "No tea, friend.",
        "No pot, friend.",
        "Choose another password.",
    ]


def test_with_no_validator_a_password_must_still_be_possible() -> None:
    none = policy(LBACK_AUTH_PASSWORD_VALIDATORS=[])
    assert none.complaints("1") == []
    assert none.complaints("x" * 129) == ["Use at most 128 characters."]
    for impossible in ("\x00", "\ud800"):
        assert none.complaints(impossible) == ["A password cannot hold this character."]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("no.such.Validator", "no.such.Validator"),
        (DJANGO + "MinimumLenghtValidator", "MinimumLenghtValidator"),
        ({"NAME": DJANGO + "MinimumLengthValidator", "OPTIONS": {"least": 3}}, "least"),
        ({"NAME": DJANGO + "UserAttributeSimilarityValidator", "OPTIONS": {"max_similarity": 0}},
         "0.1 or more"),
        ({"NAME": CommonPasswordValidator, "OPTIONS": {"password_list_path": "/no/such/list"}},
         "/no/such/list"),
        ({"OPTIONS": {}}, "OPTIONS"),
        ({"NAME": NoTea, "OPTION": {}}, "OPTION"),
        (str, "has no validate()"),
        (8, "has no validate()"),
        (SimpleNamespace(validate=print), "has no get_help_text()"),
        (BreachedPasswordValidator, "LBACK_AUTH_PASSWORD_BREACH_LOOKUP"),
    ],
)  # fmt: skip
def test_a_validator_that_cannot_be_made_stops_the_start(given: Any, told: str) -> None:
    with pytest.raises(ConfigError) as failure:
        make_site(LBACK_AUTH_PASSWORD_VALIDATORS=[given])
    assert told in str(failure.value)


def test_a_list_that_is_none_stops_the_start() -> None:
    with pytest.raises(ConfigError, match="LBACK_AUTH_PASSWORD_VALIDATORS"):
        make_site(LBACK_AUTH_PASSWORD_VALIDATORS="a.dotted.Path")


# --- who is asked, who is told ----------------------------------------------------------------


def test_a_validator_knows_whose_password_it_is(make_ready: Callable[..., Site]) -> None:
    site = make_ready(LBACK_AUTH_PASSWORD_VALIDATORS=[NoTea])
    assert "No tea, maya." in errors_of(register(site, "a pot of tea").text)
    site.add_user("ada")
    with site.app.app_context():
        assert UserManager().password_complaints("tea", site.user("ada")) == ["No tea, ada."]
        with pytest.raises(InvalidFieldsError) as failure:
            UserManager().set_password(site.user("ada"), "tea")
    assert failure.value.errors == {"new_password": ["No tea, ada."]}


def test_a_validator_is_told_of_every_password_that_is_set(make_ready: Callable[..., Site]) -> None:
    validator = NoTea()
    site = make_ready(LBACK_AUTH_PASSWORD_VALIDATORS=[Silent(), validator])
    site.add_user("ada")
    assert register(site, "a refused one").status_code == 400
    with site.app.app_context():
        manager, ada = UserManager(), site.user("ada")
        with pytest.raises(InvalidFieldsError):
            manager.change_password(ada, PASSWORD, "refused as well")
        manager.set_password(ada, "by hand", validate=False)
    site.add_user("nopass", password=None)
    Visitor(site.app).sign_in("ada", PASSWORD)
    assert validator.told == [(PASSWORD, "ada"), ("by hand", "ada")]


# --- the shipped validators -------------------------------------------------------------------


def refuses(validator: Any, password: str, user: Any = None) -> bool:
    return bool(complaints_of([validator], password, user))


@pytest.mark.parametrize(
    ("password", "most", "owner", "refused"),
    [  # as Django 5.2 decides
        ("testclient", 0.7, {"username": "testclient"}, True),
        ("example.com", 0.7, {"email": "testclient@example.com"}, True),
        ("expected1", 0.7, {"first_name": "Test", "last_name": "Client"}, False),
        ("xclient12", 0.3, {"username": "testclient"}, True),
        ("xtestclient", 1.0, {"username": "testclient"}, False),
        ("testclient", 1.0, {"username": "testclient"}, True),
        ("testclienT12", 0.7, {"username": "TestClient"}, True),
        ("tnestcliex9", 0.7, {"username": "testclient"}, True),
        ("testclientjob", 0.7, {"username": "testclient"}, True),
        ("a" * 100, 0.7, {"username": "a"}, False),
        ("clientele of mine", 0.7, {"username": "testclient"}, False),
        ("tesxtesx", 0.7, {"username": "te"}, False),
        ("correct horse battery", 0.7, {"email": "horse@battery.example"}, False),
        ("testclient", 0.7, {"username": None, "email": 5, "other": "testclient"}, False),
    ],
)
def test_similarity_to_the_owner(
    password: str, most: float, owner: dict[str, Any], refused: bool
) -> None:
    validator = UserAttributeSimilarityValidator(max_similarity=most)
    assert refuses(validator, password, SimpleNamespace(**owner)) is refused
    assert not refuses(validator, password)


def test_similarity_to_fields_of_ones_own() -> None:
    owner = SimpleNamespace(username="testclient", motto="mottomotto")
    validator = UserAttributeSimilarityValidator(user_attributes=("motto",))
    assert refuses(validator, "mottomotto1", owner)
    assert not refuses(validator, "testclient", owner)


def test_only_the_beginning_of_a_long_text_is_compared() -> None:
    validator = UserAttributeSimilarityValidator()
    words = " ".join(f"word{number:04}" for number in range(1_000))
    assert refuses(validator, "word0001", SimpleNamespace(username=words))
    owner = SimpleNamespace(username="." * 256 + "testclient")
    assert not refuses(validator, "testclient", owner)


@pytest.mark.parametrize(
    ("validator", "refused", "accepted"),
    [
        (MinimumLengthValidator(), "x" * 7, "x" * 8),
        (MinimumLengthValidator(min_length=3), "xx", "xxx"),
        (MaximumLengthValidator(max_length=72), "x" * 73, "x" * 72),
        (NumericPasswordValidator(), "42424242", "4242x242"),
        (NumericPasswordValidator(), "\u0664\u0662" * 4, "-42.5"),
        (CommonPasswordValidator(), "PassWord", "\u00e9 rare sentence"),
    ],
)
def test_a_shipped_validator_refuses_and_says_what_it_wants(
    validator: Any, refused: str, accepted: str
) -> None:
    assert refuses(validator, refused)
    assert not refuses(validator, accepted)
    assert validator.get_help_text().endswith(".")


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_list_of_common_passwords_of_ones_own(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "list"
    path.write_bytes(pack("Rosebud 41\r\nr\u00f6stigraben\n\n".encode()))
    own = CommonPasswordValidator(password_list_path=str(path))
    assert refuses(own, "rosebud 41")
    assert refuses(own, "R\u00d6stigraben")
    assert not refuses(own, "password1")
    assert not refuses(own, "")


# --- stolen passwords -------------------------------------------------------------------------

THEFT = "correct horse battery"
DIGEST = hashlib.sha1(THEFT.encode(), usedforsecurity=False).hexdigest().upper()


class Source:
    """A place to ask, which notes what it is asked."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        self.asked: list[str] = []

    def __call__(self, prefix: str) -> list[str]:
        self.asked.append(prefix)
        return list(self.lines)


def known_to_all(prefix: str) -> str:
    """The body of an answer as it comes over the wire."""
    return f"{'0' * 35}:3\r\n{DIGEST[5:]}:7\r\n"


def endless(prefix: str) -> Iterator[str]:
    return itertools.repeat("0" * 35)


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        ((DIGEST[5:],), True),
        (("0" * 35, DIGEST[5:].lower() + ":12\r\n"), True),
        ((DIGEST[5:] + ":0",), False),
        (("0" * 35, ""), False),
        ((), False),
    ],
    ids=["suffix", "with a count, in small letters", "padding", "others", "none"],
)
def test_a_stolen_password_is_refused(lines: tuple[str, ...], refused: bool) -> None:
    source = Source(*lines)
    made = policy(LBACK_AUTH_PASSWORD_BREACH_LOOKUP=source)
    assert made.complaints(THEFT) == ([STOLEN] if refused else [])
    assert source.asked == [DIGEST[:5]], "nobody outside hears more"


def test_a_look_up_is_named_by_its_path_and_may_give_one_text() -> None:
    made = policy(LBACK_AUTH_PASSWORD_BREACH_LOOKUP=f"{__name__}:known_to_all")
    assert made.complaints(THEFT) == [STOLEN]
    assert made.help_texts()[-1] == "None that was ever stolen from another site."


@pytest.mark.parametrize(
    "validators",
    [[], [NoTea], ["flask_lback.auth.password_validation.BreachedPasswordValidator", NoTea]],
)
def test_a_look_up_that_is_set_is_asked_once_with_any_list(validators: list[Any]) -> None:
    source = Source(DIGEST[5:])
    made = policy(
        LBACK_AUTH_PASSWORD_VALIDATORS=validators, LBACK_AUTH_PASSWORD_BREACH_LOOKUP=source
    )
    assert made.complaints(THEFT) == [STOLEN]
    assert len(source.asked) == 1


def test_a_look_up_of_its_own_comes_before_that_of_the_settings() -> None:
    given = {"NAME": BreachedPasswordValidator, "OPTIONS": {"lookup": Source()}}
    made = policy(
        LBACK_AUTH_PASSWORD_VALIDATORS=[given], LBACK_AUTH_PASSWORD_BREACH_LOOKUP=known_to_all
    )
    assert made.complaints(THEFT) == []


def test_nobody_outside_hears_of_a_password_that_is_refused_anyway() -> None:
    source = Source()
    policy(LBACK_AUTH_PASSWORD_BREACH_LOOKUP=source).complaints("password1")
    assert source.asked == []


@pytest.mark.parametrize(
    "answer", [lambda: 1 / 0, lambda: None, lambda: [None], lambda: [b"x"], lambda: 7]
)
def test_a_look_up_that_fails_keeps_nobody_out_and_is_logged(
    answer: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    made = policy(LBACK_AUTH_PASSWORD_BREACH_LOOKUP=lambda prefix: answer())
    with caplog.at_level(logging.WARNING):
        assert made.complaints(THEFT) == []
        assert made.complaints("password1") == [TOO_COMMON], "the list still acts"
    [record] = caplog.records
    assert "The look-up of stolen passwords failed" in record.getMessage()


def test_the_log_of_a_failure_holds_nothing_of_the_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(prefix: str) -> list[str]:
        raise OSError(f"https://example.org/range/{prefix} does not answer")

    assert policy(LBACK_AUTH_PASSWORD_BREACH_LOOKUP=fail).complaints(THEFT) == []
    assert "OSError" in caplog.text
    assert DIGEST[:5] not in caplog.text


def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    assert policy(LBACK_AUTH_PASSWORD_BREACH_LOOKUP=endless).complaints(THEFT) == []


@pytest.mark.parametrize("lookup", ["no.such.function", 7])
def test_a_look_up_that_is_none_stops_the_start(lookup: Any) -> None:
    with pytest.raises(ConfigError, match=r"BreachedPasswordValidator|BREACH_LOOKUP"):
        make_site(LBACK_AUTH_PASSWORD_BREACH_LOOKUP=lookup)


# --- under Django's names ---------------------------------------------------------------------


def test_two_applications_have_their_own_validators() -> None:
    tea = make_site(LBACK_AUTH_PASSWORD_VALIDATORS=[NoTea])
    other = make_site(LBACK_AUTH_PASSWORD_MIN_LENGTH=10)
    with tea.app.app_context():
        validate_password("short")
        with pytest.raises(PasswordRefusedError, match="No tea, ada") as refused:
            validate_password("teatime", SimpleNamespace(username="ada"))
        assert refused.value.messages == ["No tea, ada."]
        assert password_validators_help_texts() == ["Without tea."]
    with other.app.app_context():
        validate_password("teatime is at five")
        with pytest.raises(LbackError, match="at least 10"):
            validate_password("short")
        with pytest.raises(PasswordRefusedError, match="at most 128"):
            validate_password("x" * 129)
        assert [type(one).__name__ for one in get_password_validators()] == [
            "MinimumLengthValidator",
            "CommonPasswordValidator",
            "OwnNamesValidator",
        ]


def test_a_list_of_validators_may_be_made_and_asked_for_itself() -> None:
    with make_site().app.app_context():
        made = get_password_validators(DJANGO_LIST)
        assert password_validators_help_texts(made)[1] == "At least 12 characters."
        with pytest.raises(PasswordRefusedError) as refused:
            validate_password("1234567890", None, made)
        assert len(refused.value.messages) == 3
        validate_password("teatime", password_validators=[NoTea("pot")])
        assert len(get_default_password_validators()) == 3
