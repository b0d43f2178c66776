"""SQLite keeps the promises of foreign keys, and a batch migration loses nothing by it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from flask_lback.db.sqlite import enforce_foreign_keys, without_foreign_keys
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor


def test_the_next_owner_of_a_key_inherits_nothing(site: Site) -> None:
    site.add_user("maya")
    thief = Visitor(site.app)
    thief.sign_in("maya", PASSWORD)
    with site.app.app_context():
        maya = site.user("maya")
        maya.groups.append(site.models.Group(name="Pilots"))
        site.db.session.commit()
        site.db.session.execute(sa.delete(site.models.User))
        site.db.session.commit()
    assert site.add_user("kofi") == 1, "SQLite gives the key again"
    assert thief.get("/auth/account/").status_code == 302
    with site.app.app_context():
        assert site.user("kofi").groups == []


def test_it_can_be_switched_off(make_ready: Callable[..., Site]) -> None:
    site = make_ready(LBACK_DB_SQLITE_FOREIGN_KEYS=False)
    with site.app.app_context(), site.db.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 0


@pytest.mark.parametrize("fails", [False, True])
def test_a_table_may_be_made_again_without_losing_what_refers_to_it(fails: bool) -> None:
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    enforce_foreign_keys(engine)
    with engine.connect() as connection:
        for statement in (
            "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
            "CREATE TABLE child (parent REFERENCES parent (id) ON DELETE CASCADE)",
            "INSERT INTO parent VALUES (1)",
            "INSERT INTO child VALUES (1)",
        ):
            connection.exec_driver_sql(statement)
        connection.commit()
        try:
            with without_foreign_keys(connection):
                connection.exec_driver_sql("DROP TABLE parent")
                if fails:
                    raise RuntimeError("the migration fails")
        except RuntimeError:
            pass
        assert connection.exec_driver_sql("SELECT count(*) FROM child").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()
