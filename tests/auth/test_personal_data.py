"""People take their data along, and are forgotten when they wish to be."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Mapped, mapped_column, relationship

from flask_lback import Lback
from flask_lback.auth import AbstractUser
from flask_lback.auth.personal_data import export
from flask_lback.auth.personal_data.commands import delete_due_accounts
from flask_lback.auth.personal_data.deletion import Deletions, Report
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.db.schema import drop, initialize
from flask_lback.exceptions import ConfigError
from flask_lback.testing import count_queries, record_signals, use_cheap_hasher
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, SECRET_KEY, USER_KINDS, Site, own_db
from tests.support.databases import DATABASES, DatabaseFactory
from tests.support.visitor import Visitor, errors_of

DELETE = "/auth/delete-account/"
EXPORT = "/auth/export-data/"
SOON = dt.timedelta(days=15)


def make_library(url: str, **config: Any) -> Site:
    """An application whose tables point to its accounts in every way there is."""
    app = Flask("library")
    app.config.update(SECRET_KEY=SECRET_KEY, TESTING=True, SQLALCHEMY_DATABASE_URI=url, **config)
    db = own_db()
    model: Any = db.Model

    def reader(**options: Any) -> Any:
        return mapped_column(sa.ForeignKey("readers.id", ondelete=options.pop("goes", None)))

    class Reader(AbstractUser, model):
        __tablename__ = "readers"
        id: Mapped[int] = mapped_column(primary_key=True)
        phone: Mapped[str | None] = mapped_column(sa.String(30))
        born: Mapped[dt.date | None]
        card: Mapped[str] = mapped_column(
            sa.String(40), unique=True, default=lambda: uuid.uuid4().hex
        )
        shelf: Mapped[str | None] = mapped_column(sa.String(9), info={"lback_keep": True})
        tutor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("readers.id"))
        wishes = relationship("Wish", cascade="all, delete-orphan")

    class Loan(model):
        """Goes with its reader, by the database."""

        __tablename__ = "loans"
        id: Mapped[int] = mapped_column(primary_key=True)
        reader_id: Mapped[int] = reader(goes="CASCADE")
        fee: Mapped[decimal.Decimal] = mapped_column(sa.Numeric(8, 2), default=decimal.Decimal(1))
        seal: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
        api_key: Mapped[str] = mapped_column(sa.String(20), default="open sesame")
        remark: Mapped[str] = mapped_column(
            sa.String(20), default="slow reader", info={"lback_export": False}
        )

    class Reminder(model):
        """Goes with its loan."""

        __tablename__ = "reminders"
        id: Mapped[int] = mapped_column(primary_key=True)
        loan_id: Mapped[int] = mapped_column(sa.ForeignKey("loans.id", ondelete="CASCADE"))
        text: Mapped[str] = mapped_column(sa.String(50), default="Bring it back")

    class Wish(model):
        """Goes with its reader, by the relation."""

        __tablename__ = "wishes"
        id: Mapped[int] = mapped_column(primary_key=True)
        reader_id: Mapped[int] = reader()

    class Review(model):
        """Stays, and forgets its reader."""

        __tablename__ = "reviews"
        id: Mapped[int] = mapped_column(primary_key=True)
        reader_id: Mapped[int | None] = reader()

    class Answer(model):
        """One reader answers to the review of another."""

        __tablename__ = "answers"
        id: Mapped[int] = mapped_column(primary_key=True)
        review_id: Mapped[int] = mapped_column(sa.ForeignKey("reviews.id"))
        reader_id: Mapped[int | None] = reader()

    class Invoice(model):
        """Stays, and must name its reader."""

        __tablename__ = "invoices"
        id: Mapped[int] = mapped_column(primary_key=True)
        reader_id: Mapped[int] = reader()

    db.init_app(app)
    lback = Lback(db=db)
    lback.init_app(app, user_model=Reader)
    use_cheap_hasher(app)
    return Site(app, lback, has_username=True)


@pytest.fixture
def library(new_database: DatabaseFactory) -> Iterator[Callable[..., Site]]:
    """``library(database_kind, **config)``, with its tables."""
    made = []

    def make(kind: Any = "sqlite", **config: Any) -> Site:
        site = make_library(new_database(kind), **config)
        with site.app.app_context():
            initialize(site.app)
        made.append(site)
        return site

    yield make
    for site in made:
        with site.app.app_context():
            drop(site.app)
            for engine in site.db.engines.values():
                engine.dispose()


def table(site: Site, name: str) -> sa.Table:
    found: sa.Table = site.db.metadata.tables[name]
    return found


def insert(site: Site, name: str, *rows: dict[str, Any]) -> None:
    with site.app.app_context():
        for row in rows:
            site.db.session.execute(sa.insert(table(site, name)).values(row))
        site.db.session.commit()


def rows(site: Site, name: str) -> list[Any]:
    query = sa.select(table(site, name)).order_by(*table(site, name).primary_key)
    with site.app.app_context():
        return list(site.db.session.execute(query).mappings().all())


def signed_in(site: Site, name: str = "maya") -> Visitor:
    visitor = Visitor(site.app)
    assert visitor.sign_in(f"{name}@example.org", PASSWORD).status_code == 302
    return visitor


def ask_deletion(site: Site, name: str = "maya", password: str = PASSWORD) -> Any:
    return signed_in(site, name).submit(DELETE, current_password=password)


def finish(site: Site) -> Report:
    with site.app.app_context(), clock.turned(SOON):
        return state_of(site.app)[Deletions].finish_due()


def subjects(site: Site) -> list[str]:
    """What the mails of this part were about."""
    found = [str(mail["Subject"]).partition(" - ")[0] for mail in outbox_of(site.app)]
    return [subject for subject in found if not subject.startswith("A new sign-in")]


def _json(answer: Any) -> Any:
    return json.loads(answer.text)


# --- export -----------------------------------------------------------------------------------


def exported(visitor: Visitor) -> Any:
    answer = visitor.submit(EXPORT)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text)


@pytest.mark.parametrize("kind", USER_KINDS)
def test_the_export_holds_the_account_and_its_sessions(
    make_ready: Callable[..., Site], kind: str
) -> None:
    site = make_ready(kind)
    site.add_user("maya")
    site.add_user("kofi")
    signed_in(site, "kofi")
    answer = signed_in(site).submit(EXPORT)
    assert answer.mimetype == "application/json"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=site-")
    assert answer.headers["Cache-Control"] == "no-store"
    document = json.loads(answer.text)
    assert document["account"]["email"] == "maya@example.org"
    [session] = document["tables"]["lback_user_session"]
    assert session["method"] == "password"
    assert "kofi" not in answer.text
    assert subjects(site) == ["Your data was exported"]


def test_the_export_holds_every_row_that_points_to_the_account(
    library: Callable[..., Site],
) -> None:
    site = library()
    maya, kofi = site.add_user("maya", born=dt.date(1990, 5, 4)), site.add_user("kofi", phone="12")
    insert(site, "loans", {"reader_id": maya, "seal": b"\x00\xff"}, {"reader_id": kofi})
    insert(site, "reminders", {"loan_id": 1, "text": "for maya"}, {"loan_id": 2, "text": "other"})
    insert(site, "reviews", {"reader_id": maya})
    insert(site, "answers", {"review_id": 1, "reader_id": kofi}, {"review_id": 1})
    document = exported(signed_in(site))
    tables = document["tables"]
    assert document["account"]["born"] == "1990-05-04"
    assert tables["loans"] == [{"id": 1, "reader_id": maya, "fee": "1.00", "seal": "AP8="}]
    assert [row["text"] for row in tables["reminders"]] == ["for maya"]
    assert tables["reviews"] == [{"id": 1, "reader_id": maya}]
    assert tables["answers"] == []  # those of others are theirs
    assert "readers" not in tables


def test_groups_are_exported_by_name(site: Site) -> None:
    site.add_user("maya")
    with site.app.app_context():
        maya = site.user("maya")
        maya.groups.append(site.models.Group(name="Editors"))
        site.db.session.commit()
    assert exported(signed_in(site))["tables"]["lback_group_member"] == ["Editors"]


def test_no_secret_leaves_with_the_export(library: Callable[..., Site]) -> None:
    site = library()
    maya = site.add_user("maya")
    insert(site, "loans", {"reader_id": maya})
    Visitor(site.app).post_json("/api/auth/login/", {"identifier": "maya", "password": PASSWORD})
    with site.app.app_context():
        user, kinds = site.user("maya"), site.models
        site.db.session.add_all(
            [
                kinds.TotpDevice(owner=user, secret="sealed words"),
                kinds.RecoveryCode(owner=user, code_hash="hashed code"),
            ]
        )
        site.db.session.commit()
        held = [user.password_hash, "sealed words", "hashed code", "open sesame", "slow reader"]
        held += site.db.session.scalars(sa.select(kinds.UserSession.key_hash)).all()
        held += site.db.session.scalars(sa.select(kinds.RefreshToken.token_hash)).all()
    answer = signed_in(site).submit(EXPORT)
    assert json.loads(answer.text)["tables"]["lback_refresh_token"]
    assert [value for value in held if value in answer.text] == []


def test_rows_are_read_and_sent_by_the_chunk(
    library: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "CHUNK", 10)
    site = library()
    maya = site.add_user("maya")
    insert(site, "reviews", *[{"reader_id": maya} for _ in range(35)])
    visitor = signed_in(site)
    with count_queries(site.app) as statements:
        document = exported(visitor)
    assert [row["id"] for row in document["tables"]["reviews"]] == list(range(1, 36))
    asked = [text for text in statements if "FROM reviews" in text]
    assert len(asked) == 4


def test_the_export_asks_for_a_fresh_sign_in_and_is_limited(site: Site) -> None:
    site.add_user("maya")
    visitor = signed_in(site)
    with clock.turned(dt.timedelta(minutes=16)):
        assert visitor.get(EXPORT).location.startswith("/auth/reauthenticate/")
        refused = visitor.get("/api/auth/export-data/")
        assert _json(refused)["code"] == "reauthentication_required"
    assert _json(visitor.get("/api/auth/export-data/"))["account"]["username"] == "maya"
    answers = [visitor.submit(EXPORT).status_code for _ in range(3)]
    assert answers == [200, 200, 429]
    assert Visitor(site.app).get(EXPORT).location.startswith("/auth/login/")
    with site.app.app_context():
        kept = site.db.session.query(site.models.AuditEntry).filter_by(action="auth.data_exported")
        assert kept.count() == 3


def test_opening_the_page_downloads_nothing(site: Site) -> None:
    site.add_user("maya")
    page = signed_in(site).get(EXPORT)
    assert page.mimetype == "text/html"
    assert "Download your data" in page.text
    assert subjects(site) == []


# --- the wish, and the days to think again ----------------------------------------------------


@pytest.mark.parametrize("kind", USER_KINDS)
def test_asking_ends_every_session_and_deletes_nothing_yet(
    make_ready: Callable[..., Site], kind: str
) -> None:
    site = make_ready(kind)
    site.add_user("maya")
    other = signed_in(site)
    visitor = signed_in(site)
    with record_signals("account_deletion_requested") as sent:
        answer = visitor.submit(DELETE, current_password=PASSWORD)
    assert answer.location == "/auth/login/"
    assert "in 14 days" in errors_of(visitor.get("/auth/login/").text)
    assert visitor.get("/auth/account/").status_code == 302
    assert other.get("/auth/account/").status_code == 302
    assert subjects(site) == ["Your account will be deleted"]
    assert len(sent) == 1
    with site.app.app_context():
        assert site.user("maya").is_active


def test_api_tokens_end_with_the_wish(site: Site) -> None:
    site.add_user("maya")
    with site.app.app_context():
        token = site.models.ApiToken(owner=site.user("maya"), name="n", token_hash="h", prefix="p")
        site.db.session.add(token)
        site.db.session.commit()
    ask_deletion(site)
    with site.app.app_context():
        assert site.db.session.query(site.models.ApiToken).one().revoked_at is not None


def test_a_wrong_password_or_an_old_sign_in_deletes_nothing(site: Site) -> None:
    site.add_user("maya")
    visitor = signed_in(site)
    answer = visitor.submit(DELETE, current_password="quite another one")
    assert answer.status_code == 400
    assert "This is not your password." in errors_of(answer.text)
    assert visitor.submit(DELETE).status_code == 400
    with clock.turned(dt.timedelta(minutes=16)):
        answer = visitor.submit("/auth/change-password/", to=DELETE, current_password=PASSWORD)
        assert answer.location.startswith("/auth/reauthenticate/")
    assert rows(site, "lback_account_deletion") == []


def test_guessing_the_password_here_is_limited(site: Site) -> None:
    site.add_user("maya")
    visitor = signed_in(site)
    answers = [visitor.submit(DELETE, current_password=f"guess {n}").status_code for n in range(15)]
    assert 429 in answers


def test_an_account_without_a_password_types_its_name(site: Site) -> None:
    site.add_user("maya")
    visitor = signed_in(site)
    with site.app.app_context():
        site.user("maya").password_hash = None
        site.db.session.commit()
    assert visitor.submit(DELETE, identifier="someone").status_code == 400
    assert visitor.submit(DELETE, current_password="").status_code == 400
    assert visitor.submit(DELETE, identifier="MAYA").status_code == 302


def test_signing_in_keeps_the_account_and_says_so(site: Site) -> None:
    site.add_user("maya")
    ask_deletion(site)
    with record_signals("account_deletion_cancelled") as sent:
        visitor = signed_in(site)
    assert "Your account stays" in errors_of(visitor.get("/auth/account/").text)
    assert subjects(site)[-1] == "Your account stays"
    assert len(sent) == 1
    assert finish(site) == Report()
    signed_in(site)
    assert len(subjects(site)) == 2


def test_signing_in_for_tokens_keeps_the_account_too(site: Site) -> None:
    site.add_user("maya")
    ask_deletion(site)
    visitor = Visitor(site.app)
    visitor.post_json("/api/auth/login/", {"identifier": "maya", "password": "wrong sentence"})
    assert len(rows(site, "lback_account_deletion")) == 1
    visitor.post_json("/api/auth/login/", {"identifier": "maya", "password": PASSWORD})
    assert rows(site, "lback_account_deletion") == []
    assert subjects(site)[-1] == "Your account stays"


def test_a_sign_in_keeps_nobody_elses_account(site: Site) -> None:
    site.add_user("maya")
    site.add_user("kofi")
    ask_deletion(site)
    signed_in(site, "kofi")
    assert finish(site).deleted == 1


def test_json_asks_for_the_password_and_answers_with_the_day(site: Site) -> None:
    site.add_user("maya")
    visitor = Visitor(site.app)
    tokens = visitor.post_json("/api/auth/login/", {"identifier": "maya", "password": PASSWORD})
    headers = {"Authorization": f"Bearer {_json(tokens)['access_token']}"}

    def delete(document: Any) -> Any:
        return visitor.client.delete("/api/auth/me/", json=document, headers=headers)

    assert delete({}).json["errors"][0]["field"] == "current_password"
    assert delete({"current_password": "quite another"}).status_code == 400
    answer = delete({"current_password": PASSWORD})
    assert answer.status_code == 202
    left = dt.datetime.fromisoformat(answer.json["due_at"]) - clock.now()
    assert dt.timedelta(days=13) < left <= dt.timedelta(days=14)
    assert visitor.get("/api/auth/me/", headers=headers).status_code == 401


def test_json_with_a_cookie_alone_needs_the_csrf_token(site: Site) -> None:
    site.add_user("maya")
    visitor = signed_in(site)
    answer = visitor.client.delete("/api/auth/me/", json={"current_password": PASSWORD})
    assert answer.status_code == 400
    assert rows(site, "lback_account_deletion") == []


def test_the_last_superuser_stays(site: Site) -> None:
    site.add_user("root", is_superuser=True)
    site.add_user("chief", is_superuser=True)
    ask_deletion(site, "root")
    visitor = signed_in(site, "chief")  # the other one is about to go
    assert "last superuser" in errors_of(visitor.get(DELETE).text)
    answer = visitor.submit("/auth/change-password/", to=DELETE, current_password=PASSWORD)
    assert answer.status_code == 400
    assert len(rows(site, "lback_account_deletion")) == 1


def test_a_superuser_who_became_the_last_one_meanwhile_stays(site: Site) -> None:
    site.add_user("root", is_superuser=True)
    site.add_user("chief", is_superuser=True)
    ask_deletion(site, "root")
    with site.app.app_context():
        site.user("chief").is_superuser = False
        site.db.session.commit()
    assert len(finish(site).failed) == 1
    assert len(rows(site, "lback_user")) == 2


def test_switched_off_nothing_is_there(make_ready: Callable[..., Site]) -> None:
    site = make_ready(LBACK_AUTH_PERSONAL_DATA_ENABLED=False)
    site.add_user("maya")
    visitor = signed_in(site)
    paths = (DELETE, EXPORT, "/api/auth/export-data/")
    assert [visitor.get(path).status_code for path in paths] == [404] * 3
    assert "export-data" not in visitor.get("/auth/account/").text


# --- the deed ---------------------------------------------------------------------------------


def test_nothing_is_deleted_before_its_day(site: Site) -> None:
    site.add_user("maya")
    ask_deletion(site)
    with site.app.app_context(), clock.turned(dt.timedelta(days=13)):
        assert state_of(site.app)[Deletions].finish_due() == Report()
    with record_signals("user_deletion_started", "user_deleted", "account_deleted") as sent:
        assert finish(site) == Report(deleted=1)
    assert [name for name, _ in sent] == [
        "user_deletion_started",
        "user_deleted",
        "account_deleted",
    ]
    assert subjects(site)[-1] == "Your account is deleted"
    assert rows(site, "lback_user") == []
    assert Visitor(site.app).sign_in("maya", PASSWORD).status_code == 401


@pytest.mark.parametrize("kind", DATABASES)
def test_what_cascades_goes_and_the_rest_forgets(library: Callable[..., Site], kind: str) -> None:
    site = library(kind)
    maya, kofi = site.add_user("maya"), site.add_user("kofi")
    with site.app.app_context():
        pupil = site.user("kofi")
        pupil.tutor_id = maya
        user = site.user("maya")
        user.groups.append(site.models.Group(name="Editors"))
        site.db.session.commit()
    insert(site, "loans", {"reader_id": maya}, {"reader_id": kofi})
    insert(site, "reminders", {"loan_id": 1}, {"loan_id": 2})
    insert(site, "wishes", {"reader_id": maya}, {"reader_id": kofi})
    insert(site, "reviews", {"reader_id": maya}, {"reader_id": kofi})
    ask_deletion(site)
    assert finish(site) == Report(deleted=1)
    assert [row["reader_id"] for row in rows(site, "loans")] == [kofi]
    assert [row["loan_id"] for row in rows(site, "reminders")] == [2]
    assert [row["reader_id"] for row in rows(site, "wishes")] == [kofi]
    assert [row["reader_id"] for row in rows(site, "reviews")] == [None, kofi]
    [left] = rows(site, "readers")
    assert (left["id"], left["tutor_id"]) == (kofi, None)
    for name in ("lback_group_member", "lback_account_deletion", "lback_user_session"):
        assert maya not in [row["user_id"] for row in rows(site, name)]


@pytest.mark.parametrize("kind", DATABASES)
def test_an_account_that_must_stay_loses_everything_personal(
    library: Callable[..., Site], kind: str
) -> None:
    site = library(kind)
    maya = site.add_user(
        "maya",
        **{"phone": "555", "born": dt.date(1990, 5, 4), "card": "M-1", "shelf": "B2"},
        **{"first_name": "Maya", "last_name": "Okafor", "is_staff": True},
    )
    insert(site, "invoices", {"reader_id": maya})
    insert(site, "loans", {"reader_id": maya})
    ask_deletion(site)
    assert finish(site) == Report(anonymised=1)
    [left] = rows(site, "readers")
    assert left["username"].startswith("deleted-")
    assert left["email"] == f"{left['username']}@deleted.invalid"
    assert left["email_canonical"] == left["email"]
    personal = ("password_hash", "phone", "born", "email_verified_at", "last_login_at")
    assert [left[name] for name in personal] == [None] * 5
    assert (left["first_name"], left["last_name"]) == ("", "")
    assert left["card"] not in ("M-1", "")
    assert left["shelf"] == "B2"
    assert [left[name] for name in ("is_active", "is_staff", "is_superuser")] == [False] * 3
    assert [row["reader_id"] for row in rows(site, "invoices")] == [maya]
    assert rows(site, "loans") == rows(site, "lback_user_session") == []
    assert rows(site, "lback_account_deletion") == []
    assert str(outbox_of(site.app)[-1]["To"]) == "maya@example.org"


def test_two_accounts_that_must_stay_do_not_collide(library: Callable[..., Site]) -> None:
    site = library()
    insert(site, "invoices", *[{"reader_id": site.add_user(name)} for name in ("maya", "kofi")])
    ask_deletion(site, "maya")
    ask_deletion(site, "kofi")
    assert finish(site) == Report(anonymised=2)
    site.add_user("maya")  # the name is free again


def test_the_application_says_what_becomes_of_its_rows(library: Callable[..., Site]) -> None:
    seen = []

    def hand_over(user: Any) -> None:
        seen.append(user.username)
        invoices = site.db.metadata.tables["invoices"]
        site.db.session.execute(sa.delete(invoices).where(invoices.c.reader_id == user.id))

    site = library(LBACK_AUTH_PERSONAL_DATA_ERASER=hand_over)
    insert(site, "invoices", {"reader_id": site.add_user("maya")})
    ask_deletion(site)
    assert finish(site) == Report(deleted=1)
    assert seen == ["maya"]


def test_one_account_that_fails_stays_whole_and_holds_up_nobody(
    library: Callable[..., Site],
) -> None:
    def refuse(user: Any) -> None:
        if user.username == "maya":
            raise RuntimeError("the archive does not answer")

    site = library(LBACK_AUTH_PERSONAL_DATA_ERASER=refuse)
    maya, kofi = site.add_user("maya"), site.add_user("kofi")
    insert(site, "loans", {"reader_id": maya}, {"reader_id": kofi})
    ask_deletion(site, "maya")
    ask_deletion(site, "kofi")
    with record_signals("user_deletion_failed") as sent:
        assert finish(site) == Report(deleted=1, failed=[str(maya)])
    assert sent[0][1]["error_type"] == "RuntimeError"
    assert [row["reader_id"] for row in rows(site, "loans")] == [maya]
    assert [row["user_id"] for row in rows(site, "lback_account_deletion")] == [maya]
    signed_in(site, "maya")


def test_an_eraser_that_is_none_stops_the_start(new_database: DatabaseFactory) -> None:
    with pytest.raises(ConfigError, match="LBACK_AUTH_PERSONAL_DATA_ERASER"):
        make_library(new_database("sqlite"), LBACK_AUTH_PERSONAL_DATA_ERASER="nowhere:at_all")


@pytest.mark.parametrize("kind", USER_KINDS)
def test_without_days_to_think_the_account_goes_at_once(
    make_ready: Callable[..., Site], kind: str
) -> None:
    site = make_ready(kind, LBACK_AUTH_PERSONAL_DATA_GRACE_DAYS=0)
    site.add_user("maya")
    visitor = signed_in(site)
    answer = visitor.submit(DELETE, current_password=PASSWORD)
    assert answer.location == "/auth/login/"
    assert "Your account is deleted." in errors_of(visitor.get("/auth/login/").text)
    with site.app.app_context():
        assert site.user("maya") is None
    assert subjects(site) == ["Your account is deleted"]


def test_the_audit_log_outlives_the_account_without_its_name(site: Site) -> None:
    site.add_user("maya")
    Visitor(site.app).sign_in("MAYA", "quite the wrong one")
    ask_deletion(site)
    finish(site)
    entries = rows(site, "lback_audit_entry")
    assert {"auth.login", "auth.deletion_requested", "auth.account_deleted"} <= {
        entry["action"] for entry in entries
    }
    assert "maya" not in repr(entries).lower()
    labels = {entry["target_name"] for entry in entries if entry["target_kind"] == "User"}
    assert len(labels) == 1


def test_what_an_account_held_goes_out_of_the_audit_log_as_well(site: Site) -> None:
    key = site.add_user("maya")
    with site.app.app_context():
        held = {"changes": {"location": ["Lisbon", "Porto"]}, "page": "edit_view"}
        target = {"target_kind": "User", "target_id": str(key), "target_name": "maya"}
        in_place = {"impersonator_id": str(key), "impersonator_name": "maya"}
        deep = {"deep": {"names": ["MAYA", "kofi"]}}
        kind = site.models.AuditEntry
        site.db.session.add(kind(action="shop.changed", details=held, **target))
        site.db.session.add(kind(action="shop.told", details=deep, **in_place))
        site.db.session.commit()
    ask_deletion(site)
    finish(site)
    first, second = (row for row in rows(site, "lback_audit_entry") if "shop." in row["action"])
    label = first["target_name"]
    assert label.startswith("deleted-")
    assert "Lisbon" not in repr(first["details"])
    assert "edit_view" in repr(first["details"])
    assert second["impersonator_name"] == label
    assert label in repr(second["details"])
    assert "MAYA" not in repr(second["details"])


def test_the_audit_log_may_keep_names(make_ready: Callable[..., Site]) -> None:
    site = make_ready(LBACK_AUTH_PERSONAL_DATA_KEEP_AUDIT_NAMES=True)
    site.add_user("maya")
    ask_deletion(site)
    finish(site)
    assert "maya" in {entry["actor_name"] for entry in rows(site, "lback_audit_entry")}


def test_the_command_deletes_what_is_due(site: Site) -> None:
    for name in ("maya", "kofi", "ada"):
        site.add_user(name)
        ask_deletion(site, name)
    with clock.turned(SOON):
        result = site.app.test_cli_runner().invoke(delete_due_accounts, ["--batch", "2"])
    assert result.output.strip() == "Deleted 3 accounts, anonymised 0."
    assert rows(site, "lback_user") == []
