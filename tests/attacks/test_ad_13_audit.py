"""Somebody with rights in the panel who wants to leave no trace, or a false one (AD-13)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified

from flask_lback import admin
from flask_lback.auth import get_models
from tests.admin.blog import Blog, PostAdmin, Status, make_blog

POSTS, USERS, GROUPS = "/admin/blog/post/", "/admin/people/user/", "/admin/auth/group/"
LOG = "/admin/auth/auditentry/"
SECRET = "hunter2-and-a-tail"
FORM = {"title": "Mine", "slug": "mine", "body": "Text", "status": "draft", "author": "1"}


class ByAnyMeansAdmin(PostAdmin):
    """Actions as a careless developer writes them."""

    actions: Any = (
        "by_rows",
        "by_statement",
        "by_query",
        "by_table",
        "by_savepoint",
        "by_two_commits",
        "by_deletion",
        "edit_log",
        "edit_log_quietly",
        "empty_log",
        "store_secrets",
        "find_by_secret",
    )

    def _session(self, rows: list[Any]) -> Any:
        return sa.orm.object_session(rows[0])

    @admin.action
    def by_rows(self, request: Any, rows: list[Any]) -> None:
        for row in rows:
            row.status = Status.hidden

    @admin.action
    def by_statement(self, request: Any, rows: list[Any]) -> None:
        post = type(rows[0])
        self._session(rows).execute(sa.update(post).values(status=Status.hidden))

    @admin.action
    def by_query(self, request: Any, rows: list[Any]) -> None:
        self._session(rows).query(type(rows[0])).update({"status": Status.hidden})

    @admin.action
    def by_table(self, request: Any, rows: list[Any]) -> None:
        table = type(rows[0]).__table__
        self._session(rows).execute(table.update().values(status=Status.hidden))

    @admin.action
    def by_savepoint(self, request: Any, rows: list[Any]) -> None:
        with self._session(rows).begin_nested():
            rows[0].status = Status.hidden

    @admin.action
    def by_two_commits(self, request: Any, rows: list[Any]) -> None:
        session = self._session(rows)
        rows[0].status = Status.hidden
        session.commit()
        session.rollback()

    @admin.action
    def by_deletion(self, request: Any, rows: list[Any]) -> None:
        post = type(rows[0])
        self._session(rows).execute(sa.delete(post).execution_options(synchronize_session=False))

    @admin.action
    def edit_log(self, request: Any, rows: list[Any]) -> None:
        rows[0].status = Status.hidden
        for entry in self._session(rows).query(get_models().AuditEntry):
            entry.actor_name = "somebody else"

    @admin.action
    def edit_log_quietly(self, request: Any, rows: list[Any]) -> None:
        session = self._session(rows)
        rows[0].status = Status.hidden
        try:
            session.execute(sa.update(get_models().AuditEntry).values(actor_name="nobody"))
        except Exception:
            session.flush()

    @admin.action
    def empty_log(self, request: Any, rows: list[Any]) -> None:
        table: Any = get_models().AuditEntry.__table__  # type: ignore[attr-defined]
        self._session(rows).execute(table.delete())

    @admin.action
    def store_secrets(self, request: Any, rows: list[Any]) -> None:
        rows[0].preview_token = SECRET
        rows[0].data = {"smtp": {"password": SECRET}, "list": [{"api_key": SECRET}]}
        flag_modified(rows[0], "data")

    @admin.action
    def find_by_secret(self, request: Any, rows: list[Any]) -> None:
        post = type(rows[0])
        wanted = sa.or_(post.preview_token == SECRET, post.preview_token.in_([SECRET, "x"]))
        self._session(rows).execute(sa.update(post).where(wanted).values(preview_token=SECRET * 2))


@pytest.fixture
def blog(tmp_path: Path) -> Iterator[Blog]:
    """A blog, a superuser and a post."""
    made = make_blog(f"sqlite:///{tmp_path}/blog.sqlite", admins={"Post": ByAnyMeansAdmin})
    made.add_superuser()
    made.add_post("First", author="root")
    yield made
    with made.app.app_context():
        for engine in made.db.engines.values():
            engine.dispose()


def rows(blog: Blog, *actions: str) -> list[Any]:
    with blog.app.app_context():
        kind: Any = get_models().AuditEntry
        statement = sa.select(kind).order_by(kind.id)
        found = list(blog.db.session.scalars(statement))
        blog.db.session.expunge_all()
        return [row for row in found if not actions or row.action in actions]


@pytest.mark.parametrize(
    "means",
    [
        *("by_rows", "by_statement", "by_query", "by_table", "by_savepoint", "by_two_commits"),
        "by_deletion",
    ],
)
def test_ad_13_no_way_to_write_leaves_no_trace(blog: Blog, means: str) -> None:
    assert blog.panel("root").act(POSTS, means, 1).status_code == 302
    with blog.app.app_context():
        left = blog.db.session.scalars(sa.select(blog.Post.status)).all()
    assert left in ([Status.hidden], [])  # it was written
    found = rows(blog, "admin.changed", "admin.deleted")
    assert {(row.target_kind, row.actor_name) for row in found} == {("blog.Post", "root")}


def test_ad_13_forms_and_relations_leave_a_trace_with_their_author(blog: Blog) -> None:
    panel = blog.panel("root")
    ada = blog.add_user("ada")
    group = blog.add_group("Editors")
    forged = {"actor_name": "ada", "actor_id": str(ada), "happened_at": "2001-01-01T00:00"}
    panel.post(f"{POSTS}new/", **FORM, **forged)
    panel.post(f"{POSTS}edit/?id=1", **{**FORM, "slug": "other"}, **forged)
    panel.post(f"{GROUPS}edit/?id={group}", name="Editors", description="", users=[str(ada)])
    panel.act(USERS, "deactivate", ada)
    panel.delete(POSTS, 1)
    found = rows(blog, "admin.added", "admin.changed", "admin.deleted")
    assert {row.actor_name for row in found} == {"root"}
    assert min(row.happened_at.year for row in found) > 2001
    told = {(row.action, row.target_kind, row.target_name) for row in found}
    assert told == {
        ("admin.added", "blog.Post", "Mine"),
        ("admin.changed", "blog.Post", "Mine"),
        ("admin.changed", "Group", "Editors"),
        ("admin.changed", "User", "ada"),
        ("admin.deleted", "blog.Post", "Mine"),
    }
    given = [row for row in found if row.target_kind == "User" and "members" in row.details]
    assert [row.details["members"]["groups"]["joined"] for row in given] == [
        [[str(group), "Editors"]]
    ]


def test_ad_13_sign_ins_and_refusals_leave_a_trace(blog: Blog) -> None:
    blog.add_staff("clerk")
    panel = blog.panel(None)
    page = panel.client.get("/auth/login/")
    token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    for password in ("quite the wrong one", "correct horse battery staple"):
        data = {"identifier": "clerk", "password": password, "csrf_token": token}
        panel.client.post("/auth/login/", data=data).close()
    assert rows(blog, "auth.login")
    clerk = blog.panel("clerk")
    clerk.get(POSTS).close()
    denied = rows(blog, "admin.denied")
    assert [(row.actor_name, row.outcome) for row in denied] == [("clerk", "refused")]


def test_ad_13_refusals_do_not_fill_the_table(blog: Blog) -> None:
    blog.add_staff("clerk")
    panel = blog.panel("clerk")
    for number in range(60):
        panel.get(f"{POSTS}edit/?id={number}").close()
    assert len(rows(blog, "admin.denied")) <= 2  # one, or two when a minute ends meanwhile


@pytest.mark.parametrize("means", ["edit_log", "edit_log_quietly", "empty_log"])
def test_ad_13_the_log_is_not_rewritten_by_an_action(blog: Blog, means: str) -> None:
    panel = blog.panel("root")
    panel.act(POSTS, "by_rows", 1)
    before = [(row.id, row.actor_name) for row in rows(blog)]
    blog.app.config["PROPAGATE_EXCEPTIONS"] = False
    panel.act(POSTS, means, 1)
    after = [(row.id, row.actor_name) for row in rows(blog)]
    assert after[: len(before)] == before
    assert {name for _, name in after} <= {"root", ""}


def test_ad_13_the_log_is_not_rewritten_by_a_forged_request(blog: Blog) -> None:
    panel = blog.panel("root")
    panel.act(POSTS, "by_rows", 1)
    [entry] = rows(blog, "admin.changed")
    values = {"actor_name": "somebody else", "action": "nothing", "outcome": "refused"}
    for path in ("new/", f"edit/?id={entry.id}", f"details/?id={entry.id}", "cells/", "import/"):
        assert panel.post(LOG + path, **values).status_code in (403, 405), path
    assert panel.act(LOG, "delete", entry.id).status_code == 403
    assert panel.post(f"{LOG}delete/", id=str(entry.id), proof="x").status_code == 403
    [after] = rows(blog, "admin.changed")
    assert (after.id, after.actor_name, after.outcome) == (entry.id, "root", "ok")


def test_ad_13_who_deletes_his_account_stays_in_the_log(blog: Blog) -> None:
    blog.add_superuser("second")
    panel = blog.panel("second")
    panel.act(POSTS, "by_rows", 1)
    assert panel.delete(USERS, 2).status_code == 302
    assert [row.actor_name for row in rows(blog, "admin.changed", "admin.deleted")] == [
        "second",
        "second",
    ]


def test_ad_13_a_name_forges_no_line_of_the_log(
    blog: Blog, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "flask_lback.audit")
    title = 'x\n{"action": "admin.changed", "actor_name": "ada"}\x1b[2J'
    blog.panel("root").post(f"{POSTS}edit/?id=1", **{**FORM, "title": title})
    lines = [one.getMessage() for one in caplog.records if one.name == "flask_lback.audit"]
    assert not [line for line in lines if "\n" in line or "\x1b" in line]
    told = [json.loads(line) for line in lines]
    assert {line["actor_name"] for line in told if line["action"] == "admin.changed"} == {"root"}


def test_ad_13_no_secret_is_in_the_log_or_on_its_pages(
    blog: Blog, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "flask_lback")
    panel = blog.panel("root")
    password = dict.fromkeys(("password1", "password2"), SECRET)
    names = {"username": "ada", "email": "ada@example.org", "is_active": "y"}
    assert panel.post(f"{USERS}new/", **names, **password).status_code == 302
    for action in ("store_secrets", "find_by_secret", "store_secrets"):
        assert panel.act(POSTS, action, 1).status_code == 302
    pages = [panel.get(f"{POSTS}history/?id=1").text, panel.get(LOG).text]
    pages += [panel.get(f"{LOG}details/?id={row.id}").text for row in rows(blog)]
    with blog.app.app_context():
        digest = blog.db.session.scalar(
            sa.select(blog.User.password_hash).filter_by(username="ada")
        )
    assert digest
    panel.delete(USERS, 2)
    panel.delete(POSTS, 1)
    kept = json.dumps([row.details for row in rows(blog)])
    assert {"preview_token", "password_hash", "data"} <= {
        name for row in rows(blog) for name in row.details.get("changes", ())
    }
    for secret in (SECRET, digest):
        assert secret not in kept
        assert secret not in caplog.text
        assert not [page for page in pages if secret in page]


def test_ad_13_what_is_rolled_back_was_not_done(blog: Blog) -> None:
    blog.add_post("Taken", author="root", slug="taken")
    response = blog.panel("root").post(f"{POSTS}edit/?id=1", **{**FORM, "slug": "taken"})
    assert response.status_code == 400
    blog.app.config["PROPAGATE_EXCEPTIONS"] = False
    assert rows(blog, "admin.changed") == []
