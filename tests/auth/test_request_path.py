"""The shortest way of a signed-in request gives what SQLAlchemy's own way gives."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import logging
import sys
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, jsonify
from flask.testing import FlaskClient
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import Mapped, mapped_column

from flask_lback import Lback
from flask_lback.auth import AbstractUser, current_user
from flask_lback.core import clock
from flask_lback.db import UTCDateTime
from flask_lback.db.schema import drop, initialize
from flask_lback.testing import count_queries, sign_in
from tests.support.apps import SECRET_KEY, Site, own_db
from tests.support.databases import DATABASES, DatabaseFactory

SERVERS = [one for one in DATABASES if one.values != ("sqlite",)]


class Colour(enum.Enum):
    """Of an account."""

    RED = "r"
    BLUE = "b"


class Secret(sa.types.TypeDecorator[str]):
    """A text that is stored in another form, as an encrypted column is."""

    impl = sa.String(50)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Turned round."""
        return None if value is None else value[::-1]

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """And back."""
        return None if value is None else value[::-1]


class Shouted(sa.types.TypeDecorator[str]):
    """A text that the database changes while it is read."""

    impl = sa.String(50)
    cache_ok = True

    def column_expression(self, column: Any) -> Any:
        """In capitals."""
        return sa.func.upper(column, type_=self)


#: Column types, and a value that a driver gives in a form of its own.
COLUMNS: dict[str, tuple[Any, Any]] = {
    "colour": (sa.Enum(Colour), Colour.BLUE),
    "token": (sa.Uuid(), uuid.UUID("6b1f6a0c-7ad9-4d3e-9b8e-0d1a2b3c4d5e")),
    "secret": (Secret(), "sesame"),
    "motto": (Shouted(), "quiet"),
    "balance": (sa.Numeric(10, 2), decimal.Decimal("12.50")),
    "ratio": (sa.Float(), 0.25),
    "birthday": (sa.Date(), dt.date(1990, 5, 17)),
    "alarm": (sa.Time(), dt.time(6, 30)),
    "patience": (sa.Interval(), dt.timedelta(hours=3)),
    "looked": (UTCDateTime(), dt.datetime(2026, 1, 2, 3, 4, 5, 678_900, dt.UTC)),
    "tags": (sa.JSON(), {"a": [1, None, "é"]}),
    "picture": (sa.LargeBinary(), b"\x00\xff"),
    "newsletter": (sa.Boolean(), True),
    "missing": (sa.Enum(Colour, name="missing_colour"), None),
}


@pytest.fixture
def odd(request: pytest.FixtureRequest, new_database: DatabaseFactory) -> Iterator[Site]:
    """A site whose accounts have columns of every kind, and a kind of account of their own."""
    app = Flask("odd")
    app.config.update(
        SECRET_KEY=SECRET_KEY, TESTING=True, SQLALCHEMY_DATABASE_URI=new_database(request.param)
    )
    db = own_db()
    model: Any = db.Model

    class Person(AbstractUser, model):
        __tablename__ = "people"
        __mapper_args__ = {  # noqa: RUF012
            "polymorphic_on": "kind",
            "polymorphic_identity": "person",
        }
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str] = mapped_column(sa.String(20))
        changed: Mapped[dt.datetime | None] = mapped_column(UTCDateTime, onupdate=clock.now)

    for name, (kind, _) in COLUMNS.items():
        setattr(Person, name, mapped_column(kind, nullable=True))

    class Pilot(Person):
        __mapper_args__ = {"polymorphic_identity": "pilot"}  # noqa: RUF012

    db.init_app(app)
    lback = Lback(db=db)
    lback.init_app(app, user_model=Person)
    site = Site(app, lback, True)
    with app.app_context():
        initialize(app)
        values = {name: value for name, (_, value) in COLUMNS.items()}
        db.session.add(Pilot(username="maya", email="maya@example.org", **values))
        db.session.commit()
    yield site
    with app.app_context():
        drop(app)
        db.engine.dispose()


def client_of(site: Site) -> FlaskClient:
    """Maya's browser; ``/who/`` answers with her address."""
    if "who" not in site.app.view_functions:
        site.app.add_url_rule("/who/", "who", lambda: jsonify(getattr(current_user, "email", None)))
    with site.app.app_context():
        return sign_in(site.app, site.user("maya"))


def who(client: FlaskClient) -> Any:
    """The account that the site sees."""
    with client.get("/who/") as answer:  # what is done after the response is done at its end
        assert answer.status_code == 200, answer.data
        return answer.json


@pytest.mark.parametrize("odd", DATABASES, indirect=True)
def test_values_have_the_types_that_a_query_gives_them(odd: Site) -> None:
    seen: dict[str, Any] = {}

    @odd.app.get("/look/")
    def look() -> str:
        account = current_user._get_current_object()
        seen["loaded"] = {name: account.__dict__[name] for name in COLUMNS}
        seen["rest"] = [account.is_superuser, account.date_joined, account.last_login_at]
        seen["kind"] = type(account).__name__
        return ""

    assert client_of(odd).get("/look/").status_code == 200
    with odd.app.app_context():
        queried = odd.user("maya")
        expected = {name: getattr(queried, name) for name in COLUMNS}
        rest = [queried.is_superuser, queried.date_joined, queried.last_login_at]
    assert seen == {"loaded": expected, "rest": rest, "kind": "Pilot"}
    assert {name: type(value) for name, value in seen["loaded"].items()} == {
        name: type(value) for name, value in expected.items()
    }
    assert seen["loaded"] == {
        **{name: value for name, (_, value) in COLUMNS.items()},
        "motto": "QUIET",
    }


@pytest.fixture
def place(make_ready: Callable[..., Site]) -> Site:
    """A site with an account."""
    site = make_ready()
    site.add_user("maya")
    return site


def test_nothing_of_an_execution_of_sqlalchemy_is_needed(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(place)

    def fail(*values: Any, **options: Any) -> None:
        raise AssertionError("the slow way was taken")

    monkeypatch.setattr(Connection, "execute", fail)
    assert who(client) == "maya@example.org"


def test_it_costs_little_more_than_twice_the_calls_of_flask_itself(place: Site) -> None:
    client = client_of(place)

    @place.app.get("/ten-times/")
    def ten_times() -> str:
        user = current_user._get_current_object()
        return "".join(str(user.has_permission("news.read")) for _ in range(10))

    bare = Flask("bare")
    bare.secret_key = SECRET_KEY
    bare.add_url_rule("/ten-times/", "ten", lambda: "False" * 10)
    ours = calls_of(client, "/ten-times/")
    theirs = calls_of(bare.test_client(), "/ten-times/")
    # Counted with both clients' own work, which is the same.
    assert ours - theirs < 750, (ours, theirs)


def calls_of(client: FlaskClient, path: str) -> int:
    """How many calls of functions a request takes, once everything is warm."""
    for _ in range(3):
        client.get(path)
    count = 0

    def note(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        client.get(path)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("target", ["engine", "every engine"])
@pytest.mark.parametrize("name", ["before_cursor_execute", "after_cursor_execute"])
def test_who_listens_to_statements_hears_it_once(place: Site, target: str, name: str) -> None:
    client, heard = client_of(place), []
    assert who(client) == "maya@example.org"
    with place.app.app_context():
        listened = place.db.engine if target == "engine" else sa.Engine

    def note(connection: Any, cursor: Any, statement: str, *others: Any) -> None:
        heard.append(statement)

    sa.event.listen(listened, name, note)
    try:
        assert who(client) == "maya@example.org"
    finally:
        sa.event.remove(listened, name, note)
    assert len(heard) == 1
    assert "lback_user_session" in heard[0]
    assert who(client) == "maya@example.org"
    assert len(heard) == 1


@pytest.mark.parametrize(
    "name", ["engine_connect", "begin", "before_execute", "after_execute", "do_execute"]
)
def test_so_does_who_listens_to_connections(place: Site, name: str) -> None:
    client, heard = client_of(place), []
    with place.app.app_context():
        engine = place.db.engine

    def note(*values: Any, **options: Any) -> None:
        heard.append(name)

    sa.event.listen(engine, name, note, named=True)
    try:
        assert who(client) == "maya@example.org"
    finally:
        sa.event.remove(engine, name, note)
    assert heard


def test_a_log_of_statements_holds_it(place: Site, caplog: pytest.LogCaptureFixture) -> None:
    client = client_of(place)
    with caplog.at_level(logging.INFO, "sqlalchemy.engine"):
        assert who(client) == "maya@example.org"
    assert "lback_user_session" in caplog.text


def end_connections(site: Site) -> None:
    """Have the server close every connection that the pool holds."""
    with site.app.app_context():
        engine = site.db.engine
    other = sa.create_engine(engine.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with other.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return
        for row in connection.exec_driver_sql("SHOW PROCESSLIST").mappings().all():
            if row["db"] == engine.url.database and row["Command"] == "Sleep":
                connection.exec_driver_sql(f"KILL {row['Id']}")


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize("options", [{}, {"pool_pre_ping": True}])
def test_a_connection_that_the_server_has_ended_is_replaced(
    make_ready: Callable[..., Site], kind: str, options: dict[str, Any]
) -> None:
    site = make_ready("default", kind, SQLALCHEMY_ENGINE_OPTIONS=options)
    site.add_user("maya")
    client = client_of(site)
    assert who(client) == "maya@example.org"
    end_connections(site)
    assert who(client) == "maya@example.org"
    assert who(client) == "maya@example.org"
    with site.app.app_context():
        assert site.db.engine.pool.checkedout() == 0


def test_an_error_of_the_statement_is_sqlalchemys_and_keeps_no_connection(place: Site) -> None:
    client = client_of(place)
    with place.app.app_context():
        engine = place.db.engine
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE lback_user RENAME TO elsewhere")
        for _ in range(3):
            with pytest.raises(sa.exc.OperationalError, match="no such table"):
                client.get("/who/")
        assert engine.pool.checkedout() == 0
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO lback_user")
    assert who(client) == "maya@example.org"


def test_an_interrupted_statement_leaves_no_connection_behind(place: Site) -> None:
    client = client_of(place)
    with place.app.app_context():
        engine = place.db.engine
    with engine.connect() as connection:
        first = connection.connection.dbapi_connection
        assert first is not None
        first.set_progress_handler(interrupt, 1)
    with pytest.raises(sa.exc.OperationalError, match="interrupted"):
        client.get("/who/")
    assert engine.pool.checkedout() == 0
    first.set_progress_handler(None, 1)
    assert who(client) == "maya@example.org"


def interrupt() -> bool:
    """Have SQLite give up."""
    return True


def test_what_the_requests_transaction_has_changed_is_seen(place: Site) -> None:
    client = client_of(place)

    @place.app.get("/within/")
    def within() -> Any:
        place.db.session.execute(
            sa.update(place.models.User)
            .values(first_name="Ines")
            .execution_options(synchronize_session=False)
        )
        name = current_user.first_name
        place.db.session.rollback()
        return jsonify(name)

    assert client.get("/within/").json == "Ines"


MINUTE = dt.timedelta(seconds=61)


@pytest.mark.parametrize("odd", DATABASES, indirect=True)
def test_session_and_account_note_together_when_they_were_seen(odd: Site) -> None:
    client = client_of(odd)
    with odd.app.app_context():
        before = odd.user("maya").changed
    with clock.turned(MINUTE):
        moment = clock.now()
        with count_queries(odd.app) as statements:
            assert who(client) == "maya@example.org"
        assert [one.split()[0] for one in statements] == ["SELECT", "UPDATE", "UPDATE"]
        with count_queries(odd.app) as statements:
            assert who(client) == "maya@example.org"
        assert len(statements) == 1, "not again within a minute"
    with odd.app.app_context():
        account = odd.user("maya")
        session = odd.db.session.scalars(sa.select(odd.models.UserSession)).one()
        assert account.last_seen_at >= moment
        assert account.last_seen_at == session.last_seen_at
        assert account.changed == before, "being seen is no change of the account"


def test_a_page_is_answered_although_the_moment_cannot_be_written(
    place: Site, caplog: pytest.LogCaptureFixture
) -> None:
    client = client_of(place)
    with place.app.app_context():
        engine = place.db.engine
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER no_writes BEFORE UPDATE ON lback_user"
            " BEGIN SELECT RAISE(ABORT, 'read only'); END"
        )
    with clock.turned(MINUTE):
        assert who(client) == "maya@example.org"
    assert "last_seen_at" in caplog.text
    with place.app.app_context():
        session = place.db.session.scalars(sa.select(place.models.UserSession)).one()
        assert session.last_seen_at - session.created_at < MINUTE, "neither of both is written"


def test_a_test_may_put_its_own_connection_in_the_place_of_the_engine(place: Site) -> None:
    client = client_of(place)
    with place.app.app_context():
        engines: Any = place.db.engines
        engine = engines[None]
        with engine.connect() as connection, connection.begin() as transaction:
            engines[None] = connection
            connection.execute(sa.update(place.models.User).values(email="ines@example.org"))
            with clock.turned(MINUTE):
                assert who(client) == "ines@example.org", "seen within the transaction alone"
            query = sa.select(place.models.UserSession.last_seen_at)
            assert connection.scalars(query).one() > clock.now()
            transaction.rollback()
        engines[None] = engine
    assert who(client) == "maya@example.org"
