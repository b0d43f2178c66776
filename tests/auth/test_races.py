"""Processes that do the last thing that is allowed, at one moment: it is done once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.attacks.support import log_in_by_json
from tests.databases.jobs import statuses_of
from tests.support.apps import PASSWORD
from tests.support.databases import DatabaseKind
from tests.support.races import RACERS, Arena, Arenas

pytestmark = [pytest.mark.service, pytest.mark.xdist_group("databases")]


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def place(request: pytest.FixtureRequest, arenas: Arenas) -> Arena:
    """As ``arena``, on SQLite, too."""
    kind: DatabaseKind = request.param
    return arenas(kind)


def bearer(place: Arena, name: str) -> str:
    """An access token."""
    answer = log_in_by_json(place.site, name).json
    assert answer is not None
    token: str = answer["access_token"]
    return token


def test_an_account_has_no_more_tokens_than_it_may_have(place: Arena) -> None:
    name = place.name()
    place.site.add_user(name)
    job = {
        "path": "/api/auth/tokens/",
        "document": {"name": "deploy"},
        "token": bearer(place, name),
    }
    answers = place.race(*[("send", job)] * RACERS, LBACK_AUTH_API_TOKEN_MOST_PER_ACCOUNT=2)
    assert statuses_of(answers) == [201, 201] + [400] * (RACERS - 2)


@pytest.mark.parametrize("days", [0, 14])
def test_superusers_who_delete_themselves_leave_one(place: Arena, days: int) -> None:
    site = place.site
    with site.app.app_context():
        site.db.session.execute(sa.update(site.models.User).values(is_superuser=False))
        site.db.session.commit()
    names = [place.name() for _ in range(RACERS)]
    for name in names:
        site.add_user(name, is_superuser=True)
    jobs = [
        (
            "send",
            {
                "path": "/api/auth/me/",
                "document": {"current_password": PASSWORD},
                "token": bearer(place, name),
                "method": "DELETE",
            },
        )
        for name in names
    ]
    answers = place.race(*jobs, LBACK_AUTH_PERSONAL_DATA_GRACE_DAYS=days)
    assert statuses_of(answers) == [202] * (RACERS - 1) + [409]
    with site.app.app_context():
        user, leaving = site.models.User, site.models.AccountDeletion
        gone = sa.select(leaving.user_id)
        left = sa.select(sa.func.count(user.id)).where(user.is_superuser, user.id.not_in(gone))
        assert site.db.session.scalar(left) == 1
