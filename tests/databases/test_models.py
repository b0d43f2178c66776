"""What is written is what is read, on every database and for user classes of every shape."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from flask_lback.auth.users.names import canonical
from flask_lback.core import clock
from flask_lback.db.schema import missing_tables
from tests.support.apps import Site

pytestmark = pytest.mark.xdist_group("databases")

MOMENT = dt.datetime(2026, 11, 21, 23, 59, 59, 123456, tzinfo=dt.timezone(dt.timedelta(hours=5)))
HASH = "0a" * 32


def companions(site: Site, owner: Any, mark: str) -> dict[str, dict[str, Any]]:
    """Values for a row of every companion, the longest and oddest that it promises to hold."""
    digest = mark * 64
    ahead = {"expires_at": MOMENT}
    owned = {"user_id": owner, "created_at": MOMENT}
    return {
        "ApiToken": {
            **owned,
            "name": "Ω" * 100,
            "token_hash": digest,
            "prefix": "lb_" + mark,
            "scopes": " ".join(f"blog.change_post{n}" for n in range(2_800)),
            "expires_at": None,
            "last_used_at": MOMENT,
        },
        "Device": {**owned, "key_hash": digest, "last_used_at": MOMENT, "user_agent": "🦊" * 255},
        "TotpDevice": {**owned, "secret": "x" * 255, "last_step": 2**40, "confirmed_at": MOMENT},
        "RecoveryCode": {**owned, "code_hash": digest, "used_at": MOMENT},
        "SentCode": {**owned, **ahead, "purpose": "verify:email", "code_hash": digest},
        "Passkey": {
            **owned,
            "name": "Schlüssel 🗝",
            "credential_id": mark * 1_400,
            "credential_hash": digest,
            "public_key": bytes(range(256)) * 8,
            "sign_count": 2**40,
            "user_handle": mark * 90,
            "answered": "x" * 8_000,
        },
        "OAuthAccount": {**owned, "provider": "google", "subject": mark * 255},
        "AccountDeletion": {**owned, "due_at": MOMENT},
        "Invitation": {
            **ahead,
            "inviter_id": owner,
            "token_hash": digest,
            "email": f"{'e' * 64}@example.org",
            "email_canonical": f"{'e' * 64}@example.org",
            "groups": ["Редактори", "𠀀 🦊"],
        },
        "AuditEntry": {
            "actor_id": owner,
            "happened_at": MOMENT,
            "action": "auth.login",
            "actor_name": "🦊" * 254,
            "target_id": "7" * 100,
            "details": {"𠀀": [1, 2.5, None, {"ä": "🦊"}]},
        },
    }


def test_every_companion_gives_back_what_it_was_given(place: Site) -> None:
    owner = place.add_user("keeper")
    with place.app.app_context():
        assert missing_tables(place.app) == []
        written = companions(place, owner, "a")
        session = place.models.UserSession(
            user_id=owner, key_hash=HASH, expires_at=MOMENT, user_agent="🦊" * 255
        )
        for name, values in written.items():
            place.db.session.add(getattr(place.models, name)(**values))
        place.db.session.add(session)
        place.db.session.flush()
        place.db.session.add(
            place.models.RefreshToken(
                session_id=session.id, token_hash=HASH, family="f" * 32, expires_at=MOMENT
            )
        )
        place.db.session.commit()
    with place.app.app_context():
        for name, values in written.items():
            kind: Any = getattr(place.models, name)
            [row] = place.db.session.scalars(sa.select(kind).order_by(kind.id.desc()).limit(1))
            found = {key: getattr(row, key) for key in values}
            assert found == values, name
        user = place.user("keeper")
        assert [row.expires_at for row in user.lback_sessions] == [MOMENT]
        assert user.lback_sessions[0].expires_at.utcoffset() == dt.timedelta(0)
        assert user.lback_sessions[0].refresh_tokens[0].family == "f" * 32
        [account] = user.lback_oauth_accounts
        assert account.owner is user


def test_what_belongs_to_an_account_goes_with_it_and_what_names_it_stays(place: Site) -> None:
    owner = place.add_user("leaver")
    with place.app.app_context():
        for name, values in companions(place, owner, "b").items():
            place.db.session.add(getattr(place.models, name)(**values))
        group = place.models.Group(name="Leavers")
        leaver = place.user("leaver")
        leaver.groups.append(group)
        place.db.session.commit()
        place.db.session.expunge_all()
        # As a bulk statement of the application's own does it: the database takes the rows away.
        users: Any = place.models.User
        place.db.session.execute(sa.delete(users).where(users.username == "leaver"))
        place.db.session.commit()
        for name in companions(place, owner, "b"):
            kind: Any = getattr(place.models, name)
            column = {"Invitation": "inviter_id", "AuditEntry": "actor_id"}.get(name, "user_id")
            left = sa.select(sa.func.count()).select_from(kind)
            assert place.db.session.scalar(left.where(getattr(kind, column) == owner)) == 0, name
        invitation: Any = place.models.Invitation
        gone = place.db.session.scalars(sa.select(invitation).filter_by(token_hash="b" * 64)).one()
        assert gone.inviter_id is None
        members = place.models.members
        assert place.db.session.scalar(sa.select(sa.func.count()).select_from(members)) == 0


@pytest.mark.parametrize(
    ("name", "unique"),
    [
        ("ApiToken", ("token_hash",)),
        ("Device", ("user_id", "key_hash")),
        ("Passkey", ("credential_hash",)),
        ("OAuthAccount", ("provider", "subject")),
        ("AccountDeletion", ("user_id",)),
        ("Invitation", ("token_hash",)),
    ],
)
def test_what_must_be_unique_is(place: Site, name: str, unique: tuple[str, ...]) -> None:
    owner = place.add_user(f"one-{name}")
    other = place.add_user(f"two-{name}")
    kind: Any = getattr(place.models, name)
    first = companions(place, owner, "c")[name]
    second = {**companions(place, other, "d")[name], **{key: first[key] for key in unique}}
    with place.app.app_context():
        place.db.session.add(kind(**first))
        place.db.session.commit()
        place.db.session.add(kind(**second))
        with pytest.raises(IntegrityError):
            place.db.session.commit()


def test_texts_that_differ_in_anything_are_two(place: Site) -> None:
    """Capitals, accents and letters beyond the first 65,536 are the same to MariaDB by default."""
    owner = place.add_user("collector")
    subjects = ["abc", "ABC", "ábc", "𠀀𠀁", "𠀂𠀃", "ß", "ss", "\uff21bc"]
    with place.app.app_context():
        accounts: Any = place.models.OAuthAccount
        groups: Any = place.models.Group
        for subject in subjects:
            place.db.session.add(
                accounts(user_id=owner, provider="exact", subject=subject, created_at=clock.now())
            )
            place.db.session.add(groups(name=subject))
        place.db.session.commit()
        for subject in subjects:
            same = sa.select(accounts.subject).filter_by(provider="exact", subject=subject)
            assert place.db.session.scalars(same).all() == [subject]
            assert place.db.session.scalars(sa.select(groups.name).filter_by(name=subject)).all()
        hashes: Any = place.models.RecoveryCode
        place.db.session.add(hashes(user_id=owner, code_hash="abcdef"))
        place.db.session.flush()
        found = sa.select(hashes.id).where(hashes.code_hash == "ABCDEF")
        assert place.db.session.scalars(found).all() == []


@pytest.mark.parametrize(
    ("mine", "same", "another"),
    [
        ("jose", "JOSE", "josé"),
        ("Straße", "STRASSE", "strase"),
        ("𠀀𠀁", "𠀀𠀁", "𠀂𠀃"),
        ("\uff2d\uff21\uff39\uff21", "maya", "mayá"),
        ("Ἀχιλλεύς", "ἈΧΙΛΛΕΎΣ", "Αχιλλευς"),
    ],
)
def test_names_are_one_or_two_as_their_canonical_form_says(
    place: Site, mine: str, same: str, another: str
) -> None:
    assert canonical(mine) == canonical(same) != canonical(another)
    kind: Any = place.models.User
    with place.app.app_context():
        place.db.session.add(kind(username=mine, email=f"{mine}@example.org"))
        place.db.session.commit()
        users = kind.objects
        assert users.get(username=same).username == mine
        assert users.get(email=f"{same}@EXAMPLE.org").username == mine
        assert users.filter_by(username=another) == []
        place.db.session.add(kind(username=another, email=f"{another}@example.org"))
        place.db.session.commit()
        assert users.get(username=another).username == another
        for twin in (
            {"username": same, "email": f"x-{mine}@example.org"},
            {"username": f"x-{mine}", "email": f"{same}@example.org"},
        ):
            place.db.session.add(kind(**twin))
            with pytest.raises(IntegrityError):
                place.db.session.commit()
            place.db.session.rollback()


def test_rights_follow_an_account_whatever_its_key_is(place: Site) -> None:
    place.add_user("reader")
    with place.app.app_context():
        name: Any = place.models.Permission.name
        kind: Any = place.models.Permission
        permission = place.db.session.scalars(sa.select(kind).where(name == "news.read")).one()
        group = place.models.Group(name="News readers")
        group.permissions.append(permission)
        place.db.session.add(group)
        user = place.user("reader")
        assert not user.has_permission("news.read")
        user.groups.append(group)
        place.db.session.commit()
        assert user.has_permission("news.read")
        version: Any = place.models.AccessVersion
        own = place.db.session.scalars(sa.select(version).filter_by(user_id=user.id)).one()
        assert own.scope == f"user:{user.id}"
        group.permissions.remove(permission)
        place.db.session.commit()
        assert not user.has_permission("news.read")
