"""Password hashes: those of other systems open the account and are replaced; nothing else does.

The hashes were made by Werkzeug 3.1, Django 5.2, bcrypt 5.0, Flask-Bcrypt 1.0, passlib (libpass
1.9), argon2-cffi 25.1 and Flask-Security 5, with low costs.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_lback.auth.passwords.hasher import PasswordHasher
from flask_lback.auth.passwords.hashes import MOST_BLOCKS, MOST_ITERATIONS
from flask_lback.auth.settings import PasswordSettings
from flask_lback.core.state import state_of
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor, errors_of

CHEAP = {"argon2_time_cost": 1, "argon2_memory_kib": 8, "argon2_parallelism": 1}
SALT = "146585145368132386173505678016728509634"

TYPED = "l\u00e8tmein \u20ac"
STORED = {
    "werkzeug scrypt": "scrypt:1024:8:1$ti8nvRsjo0S9zNkS$c5cad6bee63462381065ef375cf80ff5d87d3bbf49"
    "b1e68b83e8648eb111268eeadf445ea2b77758319925cd5be2a7bcb1a70719aa609e9e3c043f8ddc0d8b25",
    "werkzeug scrypt by default": "scrypt:32768:8:1$W2Ecqf25MLhIdeG8$4334e0483e521800cedd5e22b3affe"
    "6bd8f3813e5cbbdc8d1966b248d4aae07a0ee261e6856d81ce2c04a792dfa8ae92e0cb89639e28ac7f001a13601166"
    "f45f",
    "werkzeug pbkdf2": "pbkdf2:sha256:1000$gbpaysGyC11w5KJ7$2196a720c264607df696dc862e48ed810ff457c"
    "29675268c6135958f12168159",
    "werkzeug pbkdf2 sha1": "pbkdf2:sha1:1000$CpAfgAFe3BID001K$6a9bd6fc1b1747eb53d2518eec4ca1332125"
    "cb4b",
    "werkzeug pbkdf2 sha512": "pbkdf2:sha512:1000$wsJhIKY0ui5gP5MI$dbd2e9b013a0d0e1a9b277db72f41f96"
    "8afe85ffb3ad8499cccd3b629be245ae595ac414026bb39eb5794850f9fb1b66a2424e35cf59b269664163784526a7"
    "91",
    "django pbkdf2": "pbkdf2_sha256$1000$seasalt$Kxlt+Sknj/AEeO661owYnpzdIm5MKNcfI6xa9RPtRTM=",
    "django pbkdf2 sha1": "pbkdf2_sha1$1000$seasalt$GGllVPwwpGIjr/tVc0jDqqRbtJU=",
    "django argon2": "argon2$argon2id$v=19$m=64,t=1,p=1$c2Vhc2FsdHNhbHQ$64cjSOTxyZfEJd4NC8SzPD6Lmzf"
    "tIKr7SmpCQMSndug",
    "django scrypt": "scrypt$16$seasalt$8$5$iKCWsgKQrbVtppR2UCD+KkEA2Zu8jvbnpTQ88HSullYIVLrcjIdiQBy"
    "Dw87tyiO4HY8IfeVnbZ27Sl7OAwROyA==",
    "django bcrypt_sha256": "bcrypt_sha256$$2b$04$Spuv3qmR3ikJ5dV8l5l8pO0.Mw4F2mgjQIyA/AW0sGJnjvQwT"
    "C8FW",
    "django bcrypt": "bcrypt$$2b$04$0xeVFnDp7WZwpGJotqzoTO6DH0kUMbs1YybQKvz.A5ggz5PxOYvHG",
    "bcrypt 2a": "$2a$04$uFen2XPqJ46IrSXPOQIz9.tRszpLVvh9MuB1l2ldPY/HfOvxZ3f4O",
    "bcrypt 2b": "$2b$04$fBFJ7FbP5jLok0S5DAaKvOc04wljv28afb/bmifF2UfAW8N9bNRB.",
    "bcrypt 2y": "$2y$04$CC84UZohvAPAIEK5PXuCMePdN9WWKNOXbcoXrQOtBLCTc9urU0bVm",
    "flask-bcrypt": "$2b$04$PpVl8ao/8qrrk0.06H/hruSi.hDTSy2UE3pzBcV6AD/O/MoLPojj.",
    "flask-bcrypt, long passwords": "bcrypt_sha256$"
    "$2b$04$3.wd.X5j.eHS9/ZmjG3dtuYBmIDhdaBcW1AM0O1rK5HHcNJoCIt2a",
    "passlib pbkdf2 sha512": "$pbkdf2-sha512$1000$LmXsPWdsLcVYC4EQQmgN4Q$D3oLC984C2wlOKDFg2VkOQZ.up"
    "TAMq.rJjY8c.7Hdw0L2Hz26lDYpCrsQ1G1bWBVkuxif5NWwqEOC9YvkhQlhg",
    "passlib pbkdf2 sha256": "$pbkdf2-sha256$1000$EQLA2Nub05pTqnUupdR6Dw$nbYHoLdoCL8Mbe4Tl5uq6YLRw4"
    "m9G3CuvOg/pONa5RQ",
    "passlib pbkdf2 sha1": "$pbkdf2$1000$J8Q4Z2zN2dv731vrXes9Rw$.UDjqdOiIEOs0U70SvCUAMO1irQ",
    "argon2d": "$argon2d$v=19$m=64,t=1,p=1$zo99nPXrcb6ruM++OVODpg$vHh58ZG5bthkLkjfFOhI3hEreqs8HoKuD"
    "LQRxuKbroA",
    "argon2i": "$argon2i$v=19$m=64,t=1,p=1$C5ckl/flwjgK1+1VdzWxKQ$0HC9aeCL1Wq6s3OXNuytVD6X5Ji8tWwVy"
    "9HRTouRKSA",
    "flask-security argon2, once": "$argon2id$v=19$m=64,t=1,p=1$FUJIKcWYMyYEIOSc05oTgg$qI7IANhMctkF"
    "d9RY8AtCKw7OyjK+LZx36e8JDBlip6g",
    "flask-security bcrypt, once": "$2b$04$2ADCx9/6FpMPJpTQ8Ge3We2xfuMTSfYFD/wtVi4d/xgJesEpz2jVy",
    "flask-security pbkdf2, once": "$pbkdf2-sha512$1000$AECIcW7N.Z8TghDCGGPMeQ$wbr1ZDE2wJGFxgJnUM35"
    "u/tV5eSw9Am0nMt5uIf36G7tAaFjS.XCRLsxpCLH8.4G9iHk6C7a32wml0JdufDnag",
    "flask-security argon2": "flask-security:"
    "$argon2id$v=19$m=64,t=1,p=1$Uco5R8jZ2/sfA6BUCiEEwA$Jn2hx460Tga73S3Tl708a6z5KBUVSoFgFZQpadtR6/0",
    "flask-security bcrypt": "flask-security:"
    "$2b$04$Acgwxz0R7rusJT0iCSMLC.izK.fVrdjoRzbD1dRgo5vRyYR1KsP3y",
    "flask-security pbkdf2": "flask-security:"
    "$pbkdf2-sha512$1000$qTWG8L537t07x1hLyXkPAQ$Pz7QVhb9qnI5LYRBnxAdJjzdX/Dktw0w8U6kAxL0woTLhTB4YPG"
    "uppcthigEfjX3JavMPKJ7RgOPUgdqTgVgTg",
}
LONG = "x" * 72 + "tail of the long one"
STORED_LONG = "$2b$04$X4Vp0HdiyauVrwg3kcJJeulBMYkW6j1owSsCLipg.iSqyIAibsvu."

SALTED = "c2Vhc2FsdHNhbHQ$64cjSOTxyZfEJd4NC8SzPD6LmzftIKr7SmpCQMSndug"
TOO_COSTLY = {
    "pbkdf2": f"pbkdf2_sha256${MOST_ITERATIONS + 1}$s$Kxlt+Sknj/AEeO661owYnpzdIm5MKNcfI6xa9RPtRTM=",
    "pbkdf2 of Werkzeug": f"pbkdf2:sha512:{MOST_ITERATIONS + 1}$s${'ab' * 64}",
    "pbkdf2 of passlib": f"$pbkdf2-sha512${MOST_ITERATIONS + 1}$AAAA${'A' * 86}",
    "scrypt by its lanes": f"scrypt:1024:8:{MOST_BLOCKS // 8192 + 1}$s${'ab' * 64}",
    "scrypt by its memory": f"scrypt$1048576$s$16$1${'A' * 86}==",
    "bcrypt": "$2b$17$fBFJ7FbP5jLok0S5DAaKvOc04wljv28afb/bmifF2UfAW8N9bNRB.",
    "argon2 by its memory": f"$argon2id$v=19$m=2097153,t=1,p=1${SALTED}",
    "argon2 by its passes": f"$argon2id$v=19$m=1024,t=4097,p=1${SALTED}",
    "argon2 by its lanes": f"$argon2id$v=19$m=1024,t=1,p=65${SALTED}",
}
UNREADABLE = [
    " ",
    "$",
    "!",
    "plain",
    PASSWORD,
    "md5$a$5f4dcc3b5aa765d61d8327deb882cf99",
    "sha1$$b89eaac7e61417341b710b727768294d0e6a277b",
    "plain$$" + PASSWORD,
    "!unusable by Django",
    "pbkdf2_sha256$$$",
    "pbkdf2_sha256$0$s$Kxlt+Sknj/AEeO661owYnpzdIm5MKNcfI6xa9RPtRTM=",
    "pbkdf2_sha256$-5$s$Kxlt+Sknj/AEeO661owYnpzdIm5MKNcfI6xa9RPtRTM=",
    "pbkdf2_sha256$1000$s$not base64 at all",
    "pbkdf2_sha256$1000$s$\u00e9\u00e9",
    "pbkdf2_sha256$\u0661\u0660$s$Kxlt+Sknj/AEeO661owYnpzdIm5MKNcfI6xa9RPtRTM=",
    "pbkdf2_sha256$1000$\ud800$Kxlt+Sknj/AEeO661owYnpzdIm5MKNcfI6xa9RPtRTM=",
    "pbkdf2_crc32$1000$s$AAAA",
    "pbkdf2:sha256$s$aa",
    "pbkdf2:sha256:1000$s$abc",
    "scrypt:x:8:1$s$aa",
    "scrypt:1000:8:1$s$" + "ab" * 64,
    "scrypt:0:0:0$s$" + "ab" * 64,
    "scrypt$16$$8$5$AAAA",
    "$2b$04$short",
    "$2b$00$fBFJ7FbP5jLok0S5DAaKvOc04wljv28afb/bmifF2UfAW8N9bNRB.",
    "$2b$04$" + "z" * 53,
    "$2x$04$fBFJ7FbP5jLok0S5DAaKvOc04wljv28afb/bmifF2UfAW8N9bNRB.",
    "bcrypt$",
    "$argon2id$",
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdA$c2FsdA",
    "$argon2id$v=19$m=0,t=0,p=0$c2Vhc2FsdHNhbHQ$64cjSOTxyZfEJd4NC8SzPD6LmzftIKr7SmpCQMSndug",
    "$argon2id$v=19$m=64,t=1,p=1$\u00e9$\u00e9",
    "$argon9$v=19$m=64,t=1,p=1$c2Vhc2FsdHNhbHQ$64cj",
    "$pbkdf2-sha512$1000$$",
    "flask-security:",
    "flask-security:flask-security:$2b$04$Acgwxz0R7rusJT0iCSMLC.izK.fVrdjoRzbD1dRgo5vRyYR1KsP3y",
]


class CountingHasher(PasswordHasher):
    """Notes every argon2 hash that a password is compared with."""

    def __init__(self, settings: PasswordSettings) -> None:
        super().__init__(settings)
        self.compared: list[str] = []

    def _verify_argon2(self, password: str, stored: str) -> bool:
        self.compared.append(stored)
        return super()._verify_argon2(password, stored)


def hasher(**settings: Any) -> CountingHasher:
    return CountingHasher(PasswordSettings(**{**CHEAP, "flask_security_salt": SALT, **settings}))


# --- hashes of other systems ------------------------------------------------------------------


@pytest.mark.parametrize("stored", STORED.values(), ids=STORED)
def test_a_hash_of_another_system_is_verified_and_due_for_replacement(stored: str) -> None:
    made = hasher()
    assert made.verify(TYPED, stored)
    for wrong in (TYPED + " ", " " + TYPED, TYPED[:-1], TYPED.upper(), ""):
        assert not made.verify(wrong, stored)
    assert made.needs_rehash(stored)


def test_each_of_them_signs_its_owner_in_and_is_replaced(make_ready: Callable[..., Site]) -> None:
    often = "1000 per minute"
    site = make_ready(SECURITY_PASSWORD_SALT=SALT, LBACK_AUTH_LIMIT_PASSWORD_PER_ADDRESS=often)
    own = state_of(site.app)[PasswordHasher]
    site.add_user("maya")
    for name, stored in STORED.items():
        store(site, stored)
        assert Visitor(site.app).sign_in("maya", TYPED + "x").status_code == 401, name
        assert Visitor(site.app).sign_in("maya", TYPED).status_code == 302, name
        with site.app.app_context():
            new = site.user("maya").password_hash
        assert new.startswith("$argon2id$"), name
        assert not own.needs_rehash(new), name
        assert Visitor(site.app).sign_in("maya", TYPED).status_code == 302, name


def store(site: Site, stored: str) -> None:
    with site.app.app_context():
        site.user("maya").password_hash = stored
        site.db.session.commit()


def test_a_bcrypt_hash_of_a_long_password_opens_as_it_did_and_then_all_of_it_counts(
    site: Site,
) -> None:
    site.add_user("maya")
    store(site, STORED_LONG)
    assert hasher().verify("x" * 72 + "another tail", STORED_LONG), "as the old system did"
    assert Visitor(site.app).sign_in("maya", LONG).status_code == 302
    assert Visitor(site.app).sign_in("maya", "x" * 72 + "another tail").status_code == 401
    assert Visitor(site.app).sign_in("maya", LONG).status_code == 302


def test_a_letter_that_bcrypt_cut_in_two_does_no_harm() -> None:
    typed = "x" * 71 + "\u20ac"
    stored = bcrypt.hashpw(typed.encode()[:72], bcrypt.gensalt(4)).decode()
    assert hasher().verify(typed, stored)


def test_without_the_library_a_bcrypt_hash_is_a_wrong_password_and_the_log_says_why_once(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    site.add_user("maya")
    store(site, STORED["bcrypt 2b"])
    monkeypatch.setitem(sys.modules, "bcrypt", None)
    with caplog.at_level(logging.ERROR):
        answers = [Visitor(site.app).sign_in("maya", TYPED) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401] * 3
    assert "The name or the password is wrong." in errors_of(answers[0].text)
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 1
    assert 'pip install "flask-lback[bcrypt]"' in told[0]


def test_without_its_salt_a_hash_of_flask_security_is_a_wrong_password_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = hasher(flask_security_salt=None)
    assert not made.verify(TYPED, STORED["flask-security argon2"])
    assert not made.verify(TYPED, STORED["flask-security argon2"])
    assert [record.getMessage().split("; ")[1] for record in caplog.records] == [
        "set LBACK_AUTH_PASSWORD_FLASK_SECURITY_SALT to its SECURITY_PASSWORD_SALT."
    ]
    assert not hasher(flask_security_salt="x").verify(TYPED, STORED["flask-security argon2"])


# --- what cannot be right ---------------------------------------------------------------------


@pytest.mark.parametrize("stored", [*UNREADABLE, None, ""])
def test_what_is_no_hash_opens_nothing_and_costs_as_much_as_a_wrong_password(
    stored: str | None,
) -> None:
    made = hasher(max_length=256)
    for typed in (PASSWORD, stored or "", ""):
        made.compared.clear()
        assert not made.verify(typed, stored)
        assert made.compared[-1] == made._dummy
        assert stored is None or made.needs_rehash(stored)


@pytest.mark.parametrize("stored", TOO_COSTLY.values(), ids=TOO_COSTLY)
def test_a_hash_that_would_keep_the_server_busy_is_not_computed(stored: str) -> None:
    made = hasher()
    assert not made.verify(PASSWORD, stored)
    assert made.compared == [made._dummy]


def test_an_installation_may_ask_for_more_than_is_believed_of_others() -> None:
    settings = PasswordSettings(argon2_time_cost=1, argon2_memory_kib=1024, argon2_parallelism=65)
    made = PasswordHasher(settings)
    assert made.verify(PASSWORD, made.hash(PASSWORD))


@given(
    st.sampled_from(sorted(STORED.values())),
    st.integers(0, 60),
    st.text(max_size=6).filter(lambda text: not any(map(str.isdigit, text)))  # no costly ones
    | st.sampled_from(["$", "$$", ":", "0$", "-1", "\x00", "="]),
)
def test_a_hash_that_was_tampered_with_never_fails(stored: str, at: int, put: str) -> None:
    cut = stored[:at] + put + stored[at + 1 :]
    made = hasher()
    made.needs_rehash(cut)
    assert made.verify(TYPED + "x", cut) is False


@pytest.mark.parametrize("typed", ["\ud800", "a plain \udfff sentence"])
def test_half_a_character_is_a_wrong_password(typed: str, site: Site) -> None:
    site.add_user("maya")
    stored = hasher().hash(PASSWORD)
    for one in (stored, None, STORED["bcrypt 2b"], STORED["werkzeug pbkdf2"]):
        made = hasher()
        assert not made.verify(typed, one)
        assert len(made.compared) >= 1
    document = {"identifier": "maya", "password": typed}
    assert Visitor(site.app).post_json("/api/auth/login/", document).status_code == 400


def test_a_password_longer_than_the_limit_is_never_hashed() -> None:
    made = hasher(max_length=64)
    assert made.verify("x" * 64, made.hash("x" * 64))
    made.compared.clear()
    assert not made.verify("x" * 65, made.hash("x" * 65))
    assert made.compared == []


# --- exactly as typed -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("set_", "typed"),
    [
        ("caf\u00e9 au lait", "cafe\u0301 au lait"),
        ("\ufb01ne words here", "fine words here"),
        (" spaces count ", "spaces count"),
        ("Capitals Count", "capitals count"),
        ("nul\x00 counts", "nul"),
    ],
)
def test_passwords_are_compared_exactly_as_typed(set_: str, typed: str) -> None:
    made = hasher()
    stored = made.hash(set_)
    assert made.verify(set_, stored)
    assert not made.verify(typed, stored)


# --- replacing --------------------------------------------------------------------------------


def test_a_hash_is_replaced_when_the_settings_ask_for_more_work() -> None:
    made = hasher()
    stored = made.hash(PASSWORD)
    assert stored != made.hash(PASSWORD), "each has a salt of its own"
    assert not made.needs_rehash(stored)
    for more in ({"argon2_time_cost": 2}, {"argon2_memory_kib": 16}):
        assert hasher(**more).needs_rehash(stored)
    assert hasher(argon2_memory_kib=16, argon2_parallelism=2).needs_rehash(stored)


def test_the_cheap_hasher_of_tests_changes_the_cost_and_nothing_else() -> None:
    made = hasher(max_length=200)
    made.use(PasswordSettings(argon2_time_cost=2, argon2_memory_kib=16))
    assert "m=16,t=2" in made.hash(PASSWORD)
    assert made.verify("x" * 200, made.hash("x" * 200))
    assert made.verify(TYPED, STORED["flask-security argon2"])


# --- one hash for everybody -------------------------------------------------------------------


def test_every_sign_in_that_fails_costs_one_hash_whoever_it_names(site: Site) -> None:
    counting = state_of(site.app).add(hasher(), PasswordHasher)
    site.add_user("maya")
    site.add_user("alien")
    site.add_user("off", is_active=False)
    site.add_user("nopass", password=None)
    site.add_user("waiting", verified=False)
    with site.app.app_context():
        site.user("alien").password_hash = "md5$a$5f4dcc3b5aa765d61d8327deb882cf99"
        site.db.session.commit()
    spent = {}
    for name in ("nobody", "maya", "off", "nopass", "waiting", "alien"):
        counting.compared.clear()
        assert Visitor(site.app).sign_in(name, "a wrong sentence").status_code == 401
        spent[name] = len(counting.compared)
    assert spent == dict.fromkeys(spent, 1)
