"""The page with the history of one record: what it says, and to whom."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.admin import ModelAdmin
from flask_lback.auth import get_models
from flask_lback.auth.audit.service import Audit
from flask_lback.core import clock
from flask_lback.core.state import current_state
from tests.support.visitor import errors_of

from .blog import Blog, PostAdmin
from .conftest import MakeBlog

POSTS, USERS, LOG = "/admin/blog/post/", "/admin/people/user/", "/admin/auth/auditentry/"
FORM = {"title": "Letters", "slug": "letters", "body": "Text", "status": "draft", "author": "1"}


@pytest.fixture
def desk(blog: Blog) -> Blog:
    blog.add_superuser()
    with blog.app.app_context():
        blog.db.session.add_all([blog.Tag(name="sea"), blog.Tag(name="train")])
        blog.db.session.commit()
    return blog


def history(blog: Blog, key: Any, who: str = "root", path: str = POSTS) -> Any:
    return blog.panel(who).get(f"{path}history/?id={key}")


def words(response: Any) -> str:
    """The text of a page, on one line."""
    return " ".join(errors_of(response.text).split())


def changed(blog: Blog, key: Any, who: str = "root", **fields: Any) -> None:
    response = blog.panel(who).post(f"{POSTS}edit/?id={key}", **{**FORM, **fields})
    assert response.status_code == 302, errors_of(response.text)


def test_the_page_says_who_did_what_and_from_what_to_what(desk: Blog) -> None:
    key = desk.add_post("Letters", author="root", slug="letters")
    ada = desk.add_user("ada")
    moment = "2026-11-20T19:40"
    changed(desk, key, status="published", published_at=moment, tags=["2"], author=str(ada))
    page = history(desk, key)
    assert "<del>Draft</del>" in page.text
    assert "<ins>Published</ins>" in page.text
    assert '<del class="is-empty">empty</del>' in page.text
    assert "<ins>+ train</ins>" in page.text
    said = words(page)
    assert "root changed 4 fields Admin form" in said
    assert "Author root → ada" in said
    assert "20 Nov 2026, 19:40" in said
    assert "1 change by 1 person since" in said
    assert "Today" in said


def test_every_record_leads_to_its_history(desk: Blog) -> None:
    key = desk.add_post("Letters", author="root")
    desk.add_staff("reader", "blog.view_post")
    link = f"{POSTS}history/?id={key}"
    assert link in desk.panel("root").get(f"{POSTS}edit/?id={key}").text
    page = desk.panel("reader").get(f"{POSTS}details/?id={key}")
    assert link in page.text
    assert "No changes yet" in words(desk.panel("reader").get(link))


def test_of_a_long_text_the_page_shows_the_part_that_differs_and_the_whole(desk: Blog) -> None:
    before = "All night the rails sang under us, and somebody in the carriage began to speak. " * 3
    after = before.replace("carriage began to speak. All", "compartment began to talk. All", 1)
    key = desk.add_post("Letters", author="root", slug="letters", body=before)
    changed(desk, key, body=after)
    page = history(desk, key)
    assert "somebody in the carriage began to speak" in words(page)
    assert "somebody in the compartment began to talk" in words(page)
    assert "Whole text" in page.text
    # Whoever wants the old text back finds every letter of it.
    assert f'<pre tabindex="0">{before.strip()}' in page.text


def test_added_and_deleted_records_show_what_they_held(desk: Blog) -> None:
    panel = desk.panel("root")
    panel.post(f"{POSTS}new/", **FORM, tags=["1"])
    panel.delete(POSTS, 1)
    page = history(desk, 1)
    said = words(page)
    assert "This post is deleted." in said
    assert "root deleted this post" in said
    assert "root added this post" in said
    assert "<del>Letters</del>" in page.text
    assert "<ins>Letters</ins>" in page.text


def test_a_bulk_action_is_named_with_the_number_of_others(desk: Blog) -> None:
    keys = [desk.add_post(f"Post {n}", author="root") for n in range(3)]
    desk.panel("root").act(POSTS, "publish", *keys)
    said = words(history(desk, keys[0]))
    assert "root changed 1 field in a bulk action Action “Publish”, with 2 other posts" in said


def test_nothing_of_a_value_is_markup(desk: Blog) -> None:
    evil = "<img src=x onerror=alert(1)>{{ 7*7 }}"
    key = desk.add_post("Letters", author="root")
    with desk.app.app_context():
        desk.db.session.get(desk.Tag, 1).name = evil
        desk.db.session.commit()
    changed(desk, key, title=evil, body=evil * 20, tags=["1"])
    for page in (history(desk, key), desk.panel("root").get(f"{LOG}details/?id=1")):
        assert page.status_code == 200
        assert "<img" not in page.text
        assert "&lt;img src=x" in page.text
        assert "{{ 7*7 }}" in page.text


def test_the_history_of_an_account_leaves_its_sign_ins_out(desk: Blog) -> None:
    ada = desk.add_user("ada")
    with desk.app.app_context():
        user = desk.one(desk.User, ada)
        for action in ("auth.login", "auth.password_set"):
            current_state()[Audit].record(action, user)
        desk.db.session.commit()
    desk.panel("root").act(USERS, "deactivate", ada)
    said = words(history(desk, ada, path=USERS))
    assert "set a new password" in said
    assert "deactivated the account" in said
    assert "Active yes → no" in said
    assert "signed in" not in said


def test_fifty_entries_stand_on_a_page(desk: Blog) -> None:
    key = desk.add_post("Letters", author="root")
    with desk.app.app_context():
        for number in range(51):
            desk.db.session.add(entry(get_models(), key, number))
        desk.db.session.commit()
    first = history(desk, key).text
    last = desk.panel("root").get(f"{POSTS}history/?id={key}&page=2").text
    assert (first.count('<li class="card'), last.count('<li class="card')) == (50, 1)
    assert "51 changes by 1 person" in errors_of(first)
    assert f"{POSTS}history/?id={key}&amp;page=2" in first
    for odd in ("0", "-3", "999", "x"):
        page = desk.panel("root").get(f"{POSTS}history/?id={key}&page={odd}")
        assert page.status_code == 200


def entry(models: Any, key: Any, number: int) -> Any:
    return models.AuditEntry(
        action="admin.changed",
        actor_name="root",
        target_kind="blog.Post",
        target_id=str(key),
        details={"changes": {"reads": [number, number + 1]}},
    )


def test_the_days_are_headings(desk: Blog) -> None:
    key = desk.add_post("Letters", author="root", slug="letters")
    changed(desk, key, body="One")
    with clock.turned(dt.timedelta(days=1)):
        changed(desk, key, body="Two")
        said = words(history(desk, key))
    assert said.index("Today") < said.index("One → Two") < said.index("Yesterday")


def test_the_page_costs_the_same_however_much_happened(desk: Blog) -> None:
    ada = desk.add_user("ada")
    key = desk.add_post("Letters", author="root", slug="letters")
    panel = desk.panel("root")

    def cost() -> int:
        statements: list[str] = []
        with desk.app.app_context():
            engine = desk.db.engine
        note: Any = lambda *given: statements.append(given[2])  # noqa: E731
        sa.event.listen(engine, "before_cursor_execute", note)
        assert panel.get(f"{POSTS}history/?id={key}").status_code == 200
        sa.event.remove(engine, "before_cursor_execute", note)
        return len(statements)

    changed(desk, key, author=str(ada), tags=["1"])
    few = cost()
    for number in range(6):
        changed(desk, key, author=str(ada if number % 2 else 1), tags=[str(1 + number % 2)])
    assert cost() == few


# --- who may read it --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permission", "status"),
    [
        ("blog.view_post", 200),
        ("blog.change_post", 200),
        ("blog.add_post", 403),
        ("blog.view_tag", 403),
        ("auth.view_auditentry", 403),
    ],
)
def test_who_may_view_or_change_a_record_may_read_its_history(
    desk: Blog, permission: str, status: int
) -> None:
    key = desk.add_post("Letters", author="root")
    desk.add_staff("clerk", permission)
    assert history(desk, key, "clerk").status_code == status


def test_rows_out_of_reach_have_no_history(blogs: MakeBlog) -> None:
    class OwnAdmin(PostAdmin):
        def get_query(self, request: Any, statement: Any, action: str) -> Any:
            return statement.where(self.model.title != "Hidden")

    blog = blogs(admins={"Post": OwnAdmin})
    blog.add_superuser()
    key = blog.add_post("Hidden", author="root")
    with blog.app.app_context():
        blog.db.session.add(entry(get_models(), key, 1))
        blog.db.session.commit()
    # Not even for those who read the whole log: the row is there, and not theirs.
    assert history(blog, key).status_code == 404


def test_what_a_deleted_record_was_is_for_those_who_read_the_log(desk: Blog) -> None:
    desk.add_post("Letters", author="root")
    desk.add_staff("clerk", "blog.view_post")
    desk.add_staff("auditor", "blog.view_post", "auth.view_auditentry")
    desk.panel("root").delete(POSTS, 1)
    assert history(desk, 1, "clerk").status_code == 404
    assert history(desk, 1, "auditor").status_code == 200
    for never in ("2", "x", "", "1" * 600):
        assert history(desk, never, "auditor").status_code == 404


def test_fields_that_the_panel_does_not_show_stay_hidden(blogs: MakeBlog) -> None:
    class NarrowAdmin(ModelAdmin):
        fields = ("title", "slug", "status")
        list_display = ("title",)

    blog = blogs(admins={"Post": NarrowAdmin})
    blog.add_superuser()
    blog.add_staff("clerk", "blog.view_post")
    key = blog.add_post("Letters", author="root")
    with blog.app.app_context():
        found = entry(get_models(), key, 1)
        found.details = {"changes": {"title": ["Old", "New"], "body": ["inside", "outside"]}}
        blog.db.session.add(found)
        blog.db.session.commit()
    page = history(blog, key, "clerk")
    assert "<ins>New</ins>" in page.text
    assert "outside" not in page.text
    assert "and 1 field that this page does not show" in words(page)
    assert "outside" in history(blog, key).text


def test_names_of_records_out_of_sight_are_not_told(desk: Blog) -> None:
    ada = desk.add_user("ada")
    key = desk.add_post("Letters", author="root", slug="letters")
    changed(desk, key, author=str(ada), tags=["2"])
    desk.add_staff("clerk", "blog.view_post")
    said = words(history(desk, key, "clerk"))
    assert f"Author user 1 → user {ada}" in said
    assert "train" not in said
    assert "+ tag 2" in said


def test_models_of_one_name_have_histories_of_their_own(desk: Blog) -> None:
    key = desk.add_post("Letters", author="root")
    with desk.app.app_context():
        found = entry(get_models(), key, 1)
        found.target_kind = "shop.Post"
        desk.db.session.add(found)
        desk.db.session.commit()
    assert "No changes yet" in words(history(desk, key))
