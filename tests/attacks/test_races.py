"""Two things at one moment: a password is changed while somebody signs in with the old one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from flask_lback.auth import UserManager
from flask_lback.auth.passwords.hasher import PasswordHasher
from flask_lback.core.state import state_of
from tests.support.apps import PASSWORD, Site
from tests.support.databases import DATABASES
from tests.support.visitor import Visitor

NEW = "quite another sentence"


@pytest.mark.parametrize("database", DATABASES)
@pytest.mark.parametrize("old_hash", [False, True], ids=["fresh hash", "hash to be replaced"])
def test_pr_12_a_sign_in_that_began_before_a_reset_opens_nothing(
    make_ready: Callable[..., Site],
    monkeypatch: pytest.MonkeyPatch,
    database: str,
    old_hash: bool,
) -> None:
    place = make_ready("default", database)
    place.add_user("maya")
    hasher = state_of(place.app)[PasswordHasher]
    verify = hasher.verify

    def reset() -> None:
        with place.app.test_request_context():
            UserManager().set_password(place.user("maya"), NEW)
            place.db.session.commit()

    def verify_while_a_reset_is_made(password: str, stored: str | None) -> bool:
        right = verify(password, stored)
        thread = threading.Thread(target=reset)
        thread.start()
        thread.join()
        return right

    monkeypatch.setattr(hasher, "verify", verify_while_a_reset_is_made)
    if old_hash:
        monkeypatch.setattr(hasher, "needs_rehash", lambda stored: True)
    visitor = Visitor(place.app)
    answer: Any = visitor.sign_in("maya", PASSWORD)
    monkeypatch.undo()
    assert answer.status_code == 401
    assert visitor.get("/auth/account/").status_code == 302
    assert Visitor(place.app).sign_in("maya", NEW).status_code == 302
