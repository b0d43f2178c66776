"""Ways to change rows that the tests of the history use, as actions of posts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from flask_lback import admin
from flask_lback.auth import get_models
from flask_lback.auth.audit.service import Audit
from flask_lback.core.state import current_state

from .blog import Blog, PostAdmin, Status


def session() -> Any:
    from flask_sqlalchemy import SQLAlchemy

    return current_state()[SQLAlchemy].session


class ChangingAdmin(PostAdmin):
    """Actions that write in every way that a session has."""

    actions: Any = (
        "publish",
        "explode",
        "flush_often",
        "there_and_back",
        "keep_half",
        "commit_twice",
        "raise_reads",
        "hide_all",
        "hide_by_table",
        "hide_by_secret",
        "purge",
        "insert_tags",
        "add_and_remove",
        "rewrite_log",
        "append_data",
        "renew_token",
    )

    @admin.action
    def flush_often(self, request: Any, rows: list[Any]) -> None:
        for text in ("one", "two", "three"):
            for row in rows:
                row.body = text
            session().flush()

    @admin.action
    def there_and_back(self, request: Any, rows: list[Any]) -> None:
        body = rows[0].body
        rows[0].body = "elsewhere"
        session().flush()
        rows[0].body = body

    @admin.action
    def keep_half(self, request: Any, rows: list[Any]) -> None:
        """One savepoint that stands, and one that does not."""
        with session().begin_nested():
            rows[0].body = "kept"
        try:
            with session().begin_nested():
                rows[0].title = "lost"
                session().flush()
                raise LookupError
        except LookupError:
            pass

    @admin.action
    def commit_twice(self, request: Any, rows: list[Any]) -> None:
        """The second change is of a row that the session has to read again."""
        rows[0].body = "first"
        session().commit()
        rows[0].body = "second"

    @admin.action
    def raise_reads(self, request: Any, rows: list[Any]) -> None:
        for row in rows:
            row.reads = type(row).reads + 5

    @admin.action
    def hide_all(self, request: Any, rows: list[Any]) -> None:
        post = type(rows[0])
        wanted = sa.update(post).where(post.title.in_(["First", "Second"]), post.reads < 9)
        session().execute(wanted.values(status=Status.hidden, preview_token="tell-nobody"))

    @admin.action
    def hide_by_table(self, request: Any, rows: list[Any]) -> None:
        table = type(rows[0]).__table__
        session().execute(table.update().where(table.c.title == "First").values(is_featured=True))

    @admin.action
    def hide_by_secret(self, request: Any, rows: list[Any]) -> None:
        session().query(type(rows[0])).filter_by(preview_token="s3cret-s3cret").update(
            {"is_featured": True}
        )

    @admin.action
    def purge(self, request: Any, rows: list[Any]) -> None:
        post = type(rows[0])
        session().execute(sa.delete(post).where(post.status == Status.draft))

    @admin.action
    def insert_tags(self, request: Any, rows: list[Any]) -> None:
        tag = type(rows[0]).tags.property.mapper.class_
        session().execute(sa.insert(tag), [{"name": "one"}, {"name": "two"}])

    @admin.action
    def add_and_remove(self, request: Any, rows: list[Any]) -> None:
        tag = type(rows[0]).tags.property.mapper.class_(name="short-lived")
        session().add(tag)
        session().flush()
        session().delete(tag)

    @admin.action
    def renew_token(self, request: Any, rows: list[Any]) -> None:
        """A secret, and another field afterwards."""
        rows[0].preview_token = "new-token-1"
        session().flush()
        rows[0].body = "later"
        session().flush()
        rows[0].preview_token = "new-token-2"

    @admin.action
    def rewrite_log(self, request: Any, rows: list[Any]) -> None:
        table = get_models().AuditEntry.__table__  # type: ignore[attr-defined]
        session().execute(table.update().values(actor_name="somebody else"))

    @admin.action
    def append_data(self, request: Any, rows: list[Any]) -> None:
        from sqlalchemy.orm.attributes import flag_modified

        rows[0].data["password"] = "hunter2-hunter2"
        rows[0].data["pages"] = 3
        flag_modified(rows[0], "data")
        current_state()[Audit].record("blog.counted", rows[0])


def entries(blog: Blog, action: str = "admin.") -> list[Any]:
    """The entries of an action, the oldest first."""
    with blog.app.app_context():
        kind: Any = get_models().AuditEntry
        found = sa.select(kind).where(kind.action.startswith(action)).order_by(kind.id)
        rows = list(blog.db.session.scalars(found))
        blog.db.session.expunge_all()
        return rows


def told(blog: Blog) -> list[tuple[str, str, str]]:
    """What was done to what, in a word each."""
    return [
        (entry.action.removeprefix("admin."), entry.target_kind, entry.target_name)
        for entry in entries(blog)
    ]
