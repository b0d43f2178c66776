"""Saving: nobody writes over somebody else, nothing is added twice, nothing hidden is lost."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.admin import ModelAdmin
from flask_lback.testing import count_queries
from tests.support.visitor import errors_of, hidden_fields

from .blog import Blog
from .conftest import MakeBlog

PATH = "/admin/blog/post/"
EDIT = f"{PATH}edit/?id=1"
GOOD = {"title": "Letters", "slug": "letters", "body": "Text", "status": "draft", "author": "1"}


@pytest.fixture
def desk(blog: Blog) -> Blog:
    return furnished(blog)


def furnished(blog: Blog) -> Blog:
    """A superuser, two tags, and a post with the first of them."""
    blog.add_superuser()
    with blog.app.app_context():
        blog.db.session.add_all([blog.Tag(name="sea"), blog.Tag(name="train")])
        blog.db.session.commit()
    moment = dt.datetime(2026, 5, 4, 3, 2, 1, tzinfo=dt.UTC)
    key = blog.add_post("Letters", author="root", body="One\nTwo", published_at=moment)
    with blog.app.app_context():
        blog.one(blog.Post, key).tags = [blog.one(blog.Tag, 1)]
        blog.db.session.commit()
    return blog


def set_to(blog: Blog, **values: Any) -> None:
    """Somebody else saves the post meanwhile."""
    with blog.app.app_context():
        post = blog.one(blog.Post, 1)
        for name, value in values.items():
            setattr(post, name, value)
        blog.db.session.commit()


def tags(blog: Blog) -> list[str]:
    with blog.app.app_context():
        return sorted(tag.name for tag in blog.one(blog.Post, 1).tags)


def seen(page: str) -> dict[str, str]:
    return {"_seen": hidden_fields(page)["_seen"]}


def as_shown(**changed: Any) -> dict[str, Any]:
    """What a browser sends of the page as it stands, with some fields changed."""
    return {
        **GOOD,
        "body": "One\r\nTwo",
        "published_at": "2026-05-04T03:02",
        "tags": ["1"],
        **changed,
    }


def test_a_page_that_nobody_has_changed_meanwhile_is_saved(desk: Blog) -> None:
    panel = desk.panel("root")
    known = seen(panel.get(EDIT).text)
    assert panel.post(EDIT, **as_shown(title="Mine"), **known).status_code == 302
    again = seen(panel.get(EDIT).text)
    assert panel.post(EDIT, **as_shown(title="Mine"), **again).status_code == 302


@pytest.mark.parametrize(
    ("theirs", "told", "mine"),
    [
        ({"title": "Theirs"}, "Changed meanwhile to “Theirs”.", {"title": "Mine"}),
        ({"title": "Theirs"}, "Changed meanwhile to “Theirs”.", {"slug": "own"}),
        ({"is_featured": True}, "Changed meanwhile to “Yes”.", {"title": "Mine"}),
        ({"status": "published"}, "Changed meanwhile to “Published”.", {"title": "Mine"}),
        ({"author_id": 2}, "Changed meanwhile to “ada”.", {"title": "Mine"}),
        ({"published_at": None}, "Changed meanwhile to “\N{EN DASH}”.", {"title": "Mine"}),
        ({"body": "x" * 500}, f"Changed meanwhile to “{'x' * 200}…”.", {"title": "Mine"}),
    ],
)
def test_what_somebody_else_has_saved_is_told_and_not_overwritten(
    desk: Blog, theirs: dict[str, Any], told: str, mine: dict[str, str]
) -> None:
    desk.add_user("ada")
    panel = desk.panel("root")
    known = seen(panel.get(EDIT).text)
    set_to(desk, **theirs)
    response = panel.post(EDIT, **as_shown(**mine), **known)
    assert response.status_code == 409
    said = errors_of(response.text)
    assert "Somebody has changed this meanwhile." in said
    assert said.count("Changed meanwhile to") == 1
    assert told in said
    for value in mine.values():
        assert f'value="{value}"' in response.text
    with desk.app.app_context():
        post = desk.one(desk.Post, 1)
        assert post.slug == "letters"
        assert post.title == theirs.get("title", "Letters")
    told_now = panel.post(EDIT, **as_shown(**mine), **seen(response.text))
    assert told_now.status_code == 302
    with desk.app.app_context():
        assert desk.one(desk.Post, 1).title == mine.get("title", "Letters")


def test_another_tag_of_somebody_else_is_told_too(desk: Blog) -> None:
    panel = desk.panel("root")
    known = seen(panel.get(EDIT).text)
    with desk.app.app_context():
        post = desk.one(desk.Post, 1)
        post.tags.append(desk.one(desk.Tag, 2))
        desk.db.session.commit()
    response = panel.post(EDIT, **as_shown(), **known)
    assert response.status_code == 409
    assert "Changed meanwhile to “sea, train”." in errors_of(response.text)
    assert tags(desk) == ["sea", "train"]


def test_who_sends_the_same_as_somebody_else_has_saved_is_not_stopped(desk: Blog) -> None:
    panel = desk.panel("root")
    known = seen(panel.get(EDIT).text)
    set_to(desk, title="Same")
    assert panel.post(EDIT, **as_shown(title="Same"), **known).status_code == 302


def test_fields_that_are_not_in_the_form_stop_nobody(desk: Blog) -> None:
    panel = desk.panel("root")
    known = seen(panel.get(EDIT).text)
    set_to(desk, reads=7, preview_token="new")
    assert panel.post(EDIT, **as_shown(title="Mine"), **known).status_code == 302
    with desk.app.app_context():
        assert desk.one(desk.Post, 1).reads == 7


@pytest.mark.parametrize("text", ["x", "title=", "=x", "title=0 " * 9_000, "\x00"])
def test_a_made_up_version_breaks_nothing(desk: Blog, text: str) -> None:
    response = desk.panel("root").post(EDIT, **as_shown(title="Mine"), _seen=text)
    assert response.status_code in (302, 409)


def test_a_mistake_does_not_hide_what_somebody_else_has_saved(desk: Blog) -> None:
    panel = desk.panel("root")
    known = seen(panel.get(EDIT).text)
    wrong = panel.post(EDIT, **as_shown(slug=""), **known)
    assert wrong.status_code == 400
    set_to(desk, title="Theirs")
    response = panel.post(EDIT, **as_shown(title="Mine"), **seen(wrong.text))
    assert response.status_code == 409


def test_a_record_that_is_gone_meanwhile_is_not_found(desk: Blog) -> None:
    panel = desk.panel("root")
    known = seen(panel.get(EDIT).text)
    panel.delete(PATH, 1)
    assert panel.post(EDIT, **as_shown(), **known).status_code == 404


def test_the_version_tells_nothing_of_what_one_may_not_see(desk: Blog) -> None:
    desk.add_staff("clerk", "blog.change_post", "blog.view_post")
    known = seen(desk.panel("clerk").get(EDIT).text)["_seen"]
    assert "title=" in known
    assert "tags=" not in known
    assert "author=" not in known
    assert "preview_token=" not in known


def test_a_new_record_that_is_sent_twice_is_added_once(desk: Blog) -> None:
    panel = desk.panel("root")
    path = "/admin/shop/receipt/new/"
    page = panel.get(path).text
    sent = {"number": "7", "buyer": "1", "_once": hidden_fields(page)["_once"]}
    wrong = panel.post(path, **{**sent, "number": ""})
    assert hidden_fields(wrong.text)["_once"] == sent["_once"]
    assert panel.post(path, **sent).status_code == 302
    again = panel.post(path, **sent, _stay="1")
    assert (again.status_code, again.location) == (302, "/admin/shop/receipt/")
    assert "This was sent twice and is added once." in panel.get("/admin/shop/receipt/").text
    assert desk.count(desk.Receipt) == 1
    other = hidden_fields(panel.get(path).text)["_once"]
    assert panel.post(path, **{**sent, "_once": other}).status_code == 302
    assert desk.count(desk.Receipt) == 2


def test_a_page_whose_record_was_refused_can_be_sent_again(desk: Blog) -> None:
    panel = desk.panel("root")
    once = {"_once": hidden_fields(panel.get(f"{PATH}new/").text)["_once"]}
    statement = "CREATE TRIGGER t BEFORE INSERT ON post BEGIN SELECT RAISE(ABORT, 'no'); END"
    with desk.app.app_context():
        desk.db.session.execute(sa.text(statement))
        desk.db.session.commit()
    sent = {**GOOD, "slug": "other", **once}
    assert panel.post(f"{PATH}new/", **sent).status_code == 400
    with desk.app.app_context():
        desk.db.session.execute(sa.text("DROP TRIGGER t"))
        desk.db.session.commit()
    assert panel.post(f"{PATH}new/", **sent).status_code == 302
    assert desk.count(desk.Post) == 2


class ShownTags(ModelAdmin):
    """Tags whose name begins with an s are out of sight."""

    def get_query(self, request: Any, statement: sa.Select[Any], action: str) -> sa.Select[Any]:
        return statement.where(self.model.name.not_like("s%"))


def test_chosen_records_out_of_sight_stay(blogs: MakeBlog) -> None:
    desk = furnished(blogs(admins={"Tag": ShownTags}))
    panel = desk.panel("root")
    page = panel.get(EDIT).text
    assert ">train<" in page
    assert ">sea<" not in page
    assert panel.post(EDIT, **as_shown(tags=["2"])).status_code == 302
    assert tags(desk) == ["sea", "train"]
    assert panel.post(EDIT, **as_shown(tags=[])).status_code == 302
    assert tags(desk) == ["sea"]
    forged = panel.post(f"{PATH}new/", **{**GOOD, "slug": "new"}, tags=["1"])
    assert forged.status_code == 400


class ShownPeople(ModelAdmin):
    def get_query(self, request: Any, statement: sa.Select[Any], action: str) -> sa.Select[Any]:
        return statement.where(self.model.username != "nessie")


def test_a_single_record_out_of_sight_stays_without_its_name(blogs: MakeBlog) -> None:
    def declare(blog: Blog) -> None:
        blog.lback.admin.register(blog.User, ShownPeople)

    blog = blogs(prepared=declare)
    blog.add_superuser()
    blog.add_post("Letters", author="nessie", slug="letters")
    panel = blog.panel("root")
    page = panel.get(EDIT).text
    assert "Stays: you may not see it" in page
    assert "nessie" not in page
    assert panel.post(EDIT, **{**GOOD, "author": "2", "title": "New"}).status_code == 302
    with blog.app.app_context():
        assert blog.one(blog.Post, 1).author_id == 2
    assert panel.post(f"{PATH}new/", **{**GOOD, "author": "2", "slug": "x"}).status_code == 400


def test_only_the_difference_of_a_relation_to_many_is_written(desk: Blog) -> None:
    panel = desk.panel("root")
    assert panel.token
    with count_queries(desk.app) as statements:
        assert panel.post(EDIT, **as_shown(tags=["1", "2"])).status_code == 302
    written = [str(one) for one in statements if "post_tag" in str(one).split("FROM")[0]]
    assert len([one for one in written if one.startswith("INSERT")]) == 1
    assert not [one for one in written if one.startswith("DELETE")]
    assert tags(desk) == ["sea", "train"]


def test_the_add_form_costs_the_same_statements_with_many_rows_to_choose_from(desk: Blog) -> None:
    panel = desk.panel("root")
    counts = []
    for way in ("few", "many"):
        panel.get(f"{PATH}new/")
        with count_queries(desk.app) as statements:
            panel.get(f"{PATH}new/")
        counts.append(len(statements))
        with desk.app.app_context():
            desk.db.session.add_all(desk.Tag(name=f"{way} {n}") for n in range(30))
            desk.db.session.commit()
    assert counts[0] == counts[1] == 4


@pytest.mark.parametrize("text", ["One\nTwo", "One\r\nTwo"])
def test_ends_of_lines_as_browsers_send_them_change_nothing(desk: Blog, text: str) -> None:
    set_to(desk, body=text)
    panel = desk.panel("root")
    known = seen(panel.get(EDIT).text)
    assert panel.post(EDIT, **as_shown(title="Mine"), **known).status_code == 302
    with desk.app.app_context():
        assert desk.one(desk.Post, 1).body == text
    history = panel.get(f"{PATH}history/?id=1").text
    assert "Mine" in history
    assert "Body" not in history
    again = seen(panel.get(EDIT).text)
    panel.post(EDIT, **as_shown(title="Mine", body="One\r\nThree"), **again)
    with desk.app.app_context():
        assert desk.one(desk.Post, 1).body == "One\nThree"
