"""Rows out of sight: in every handler, for everything that a person can try."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.admin import ModelAdmin
from flask_lback.testing import count_queries
from tests.support.visitor import errors_of, hidden_fields

from .blog import Blog, PostAdmin, Status
from .conftest import MakeBlog

LIST = "/admin/blog/post/"
RIGHTS = [f"blog.{action}_post" for action in ("view", "add", "change", "delete")]


class OwnPosts(PostAdmin):
    """Staff see published posts and their own, and change and delete their own."""

    def get_query(self, request: Any, statement: sa.Select[Any], action: str) -> sa.Select[Any]:
        if request.user.is_superuser:
            return statement
        own = self.model.author_id == request.user.id
        if action == "view":
            return statement.where(sa.or_(own, self.model.status == Status.published))
        return statement.where(own)


class ShownTags(ModelAdmin):
    def get_query(self, request: Any, statement: sa.Select[Any], action: str) -> sa.Select[Any]:
        if request.user.is_superuser:
            return statement
        return statement.where(self.model.name.not_like("secret%"))


@pytest.fixture
def shop(blogs: MakeBlog) -> Blog:
    """Posts 1 (ada's), 2 (ben's) and 3 (ben's, published); ada is staff with every right."""
    blog = blogs(admins={"Post": OwnPosts, "Tag": ShownTags})
    blog.add_superuser()
    blog.add_staff("ada", *RIGHTS, "blog.view_tag")
    blog.add_post("Mine", author="ada")
    blog.add_post("Hidden", author="ben")
    blog.add_post("Shown", author="ben", status=Status.published)
    with blog.app.app_context():
        tags = [blog.Tag(name="secret plan"), blog.Tag(name="sea")]
        for post in blog.db.session.scalars(sa.select(blog.Post)):
            post.tags.extend(tags)
        blog.db.session.commit()
    return blog


def title(blog: Blog, key: int) -> Any:
    with blog.app.app_context():
        post = blog.one(blog.Post, key)
        return post.title if post is not None else None


FORM = {"title": "Taken", "slug": "x", "body": "x", "author": "2", "status": "draft"}


def test_the_list_the_sidebar_and_the_counts_know_only_what_is_in_sight(shop: Blog) -> None:
    page = shop.panel("ada").get(LIST).text
    assert "Mine" in page
    assert "Shown" in page
    assert "Hidden" not in page.replace("Status", "").split("<tbody>")[1].split("</tbody>")[0]
    assert re.search(r'class="n">2</span>', page)
    assert "1\N{EN DASH}2 of 2" in page
    assert re.search(r'class="n">3</span>', shop.panel("root").get(LIST).text)
    dashboard = shop.panel("ada").get("/admin/").text
    assert re.search(r'class="n">2</span>', dashboard)
    assert not re.search(r'class="n">3</span>', dashboard)


@pytest.mark.parametrize("page", ["edit", "details", "delete"])
def test_a_record_out_of_sight_is_not_there(shop: Blog, page: str) -> None:
    assert shop.panel("ada").get(f"{LIST}{page}/?id=2").status_code == 404
    assert shop.panel("root").get(f"{LIST}{page}/?id=2").status_code == 200


@pytest.mark.parametrize("key", [2, 3])
def test_nobody_writes_into_a_record_out_of_reach(shop: Blog, key: int) -> None:
    panel = shop.panel("ada")
    before = title(shop, key)
    assert panel.post(f"{LIST}edit/?id={key}", **FORM).status_code in (403, 404)
    assert panel.post(f"{LIST}delete/", id=str(key), proof="x").status_code == 404
    assert title(shop, key) == before


def test_a_record_that_is_only_read_shows_itself_in_place_of_its_form(shop: Blog) -> None:
    panel = shop.panel("ada")
    assert panel.get(f"{LIST}edit/?id=3").location.endswith(f"{LIST}details/?id=3")
    assert panel.get(f"{LIST}details/?id=3").status_code == 200
    page = panel.get(LIST).text
    assert f'href="{LIST}edit/?id=1"' in page
    assert f'href="{LIST}details/?id=3"' in page


def test_a_bulk_action_leaves_out_what_is_out_of_reach_and_says_so(shop: Blog) -> None:
    panel = shop.panel("ada")
    panel.act(LIST, "publish", 1, 2, 3)
    page = errors_of(panel.get(LIST).text)
    assert "1 published." in page
    assert "Left out, because they are gone or not yours to act on: 2." in page
    with shop.app.app_context():
        assert shop.one(shop.Post, 1).status is Status.published
        assert shop.one(shop.Post, 2).status is Status.draft


def test_deleting_many_takes_only_what_is_within_reach(shop: Blog) -> None:
    panel = shop.panel("ada")
    assert panel.delete(LIST, 1, 2, 3).status_code == 302
    assert [title(shop, key) for key in (1, 2, 3)] == [None, "Hidden", "Shown"]


def test_relations_offer_and_take_only_what_is_in_sight(shop: Blog) -> None:
    panel = shop.panel("ada")
    page = panel.get(f"{LIST}new/").text
    assert "sea" in page
    assert "secret plan" not in page
    assert "secret plan" in shop.panel("root").get(f"{LIST}new/").text
    refused = panel.post(f"{LIST}new/", **{**FORM, "slug": "new", "tags": "1"})
    assert "One of these is gone." in errors_of(refused.text)


def test_a_lookup_finds_only_what_is_in_sight(blogs: MakeBlog) -> None:
    blog = blogs(admins={"Tag": ShownTags}, LBACK_ADMIN_CHOICE_LIMIT=10)
    blog.add_superuser()
    blog.add_staff("ada", *RIGHTS, "blog.view_tag")
    with blog.app.app_context():
        names = [f"sea {n}" for n in range(20)] + [f"secret {n}" for n in range(20)]
        blog.db.session.add_all(blog.Tag(name=name) for name in names)
        blog.db.session.commit()
    found: dict[tuple[str, str], set[str]] = {}
    for name in ("ada", "root"):
        for text in ("sea", "secret"):
            answer: Any = blog.panel(name).get(f"{LIST}lookup/?field=tags&q={text}").json
            found[name, text] = {row["name"].split()[0] for row in answer["results"]}
    assert found["ada", "sea"] == {"sea"}
    assert found["ada", "secret"] == set()
    assert found["root", "secret"] == {"secret"}


@pytest.mark.parametrize("value", ["1", "secret", "secr", "plan"])
def test_a_filter_says_nothing_about_records_out_of_sight(shop: Blog, value: str) -> None:
    page = shop.panel("ada").get(f"{LIST}?tags={value}").text
    assert "Mine" not in page
    assert "secret plan" not in page
    assert "Mine" in shop.panel("root").get(f"{LIST}?tags={value}").text
    assert "Mine" in shop.panel("ada").get(f"{LIST}?tags=sea").text


def test_hooks_forbid_and_never_allow(blogs: MakeBlog) -> None:
    class Careful(PostAdmin):
        def has_add_permission(self, request: Any) -> bool:
            return False

        def has_change_permission(self, request: Any, obj: Any = None) -> bool:
            return obj is None or obj.title != "Locked"

        def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
            return True

        def has_view_permission(self, request: Any, obj: Any = None) -> bool:
            return super().has_view_permission(request, obj)

    blog = blogs(admins={"Post": Careful})
    blog.add_superuser()
    blog.add_staff("ada", "blog.view_post", "blog.change_post")
    locked, free = blog.add_post("Locked"), blog.add_post("Free")
    root, ada = blog.panel("root"), blog.panel("ada")
    assert root.get(f"{LIST}new/").status_code == 403
    assert "Add post" not in root.get(LIST).text
    assert root.get(f"{LIST}edit/?id={locked}").location.endswith(f"details/?id={locked}")
    assert root.post(f"{LIST}edit/?id={locked}", **FORM).status_code == 403
    assert root.get(f"{LIST}edit/?id={free}").status_code == 200
    root.act(LIST, "publish", locked, free)
    assert "1 published." in root.get(LIST).text
    assert ada.get(f"{LIST}delete/?id={free}").status_code == 403
    blog.add_staff("ben")
    assert blog.panel("ben").get(LIST).status_code == 403


def test_a_model_that_may_not_be_seen_is_in_no_menu(blogs: MakeBlog) -> None:
    class Closed(ModelAdmin):
        def has_view_permission(self, request: Any, obj: Any = None) -> bool:
            return False

    blog = blogs(admins={"Receipt": Closed})
    blog.add_superuser()
    panel = blog.panel("root")
    assert "/admin/shop/receipt/" not in panel.get("/admin/").text
    assert panel.get("/admin/shop/receipt/").status_code == 403


class OwnPolicy:
    """Everybody reads what is published; who wrote a post changes and deletes it."""

    def scope(self, select: Any, user: Any, action: str) -> Any:
        post = select.column_descriptions[0]["entity"]
        own = post.author_id == user.id
        return select.where(own | (post.status == Status.published) if action == "view" else own)


def test_policies_narrow_every_handler(blogs: MakeBlog) -> None:
    def declare(blog: Blog) -> None:
        blog.lback.permissions.policy(blog.Post)(OwnPolicy)

    blog = blogs(prepared=declare)
    blog.add_superuser()
    blog.add_staff("ada", *RIGHTS)
    blog.add_post("Mine", author="ada")
    blog.add_post("Hidden", author="ben")
    blog.add_post("Shown", author="ben", status=Status.published)
    ada = blog.panel("ada")
    page = ada.get(LIST).text
    assert re.search(r'class="n">2</span>', page)
    assert "2 of 2" in page
    assert f'href="{LIST}details/?id=3"' in page
    mine, shown = (ada.get(f"{LIST}details/?id={key}").text for key in (1, 3))
    for path in ("edit", "delete"):
        assert f'href="{LIST}{path}/?id=1"' in mine
        assert f'href="{LIST}{path}/?id=3"' not in shown
    for path in ("edit", "details", "delete"):
        assert ada.get(f"{LIST}{path}/?id=1").status_code == 200
        assert ada.get(f"{LIST}{path}/?id=2").status_code == 404
        assert blog.panel("root").get(f"{LIST}{path}/?id=2").status_code == 200
    assert ada.post(f"{LIST}edit/?id=3", **FORM).status_code == 403
    ada.act(LIST, "publish", 1, 2, 3)
    assert "1 published." in ada.get(LIST).text
    assert ada.get("/admin/people/user/").status_code == 403


def test_nobody_writes_a_record_out_of_his_own_reach(blogs: MakeBlog) -> None:
    blog = blogs(prepared=lambda blog: blog.lback.permissions.policy(blog.Post)(OwnPolicy))
    blog.add_staff("ada", *RIGHTS, "people.view_user")
    ben = blog.add_user("ben")
    blog.add_post("Mine", author="ada")
    ada = blog.panel("ada")
    fields = hidden_fields(ada.get(f"{LIST}edit/?id=1").text)
    given = ada.post(
        f"{LIST}edit/?id=1", **{**fields, **FORM, "title": "Yours", "author": str(ben)}
    )
    assert given.status_code == 400
    assert "out of your reach" in given.text
    assert title(blog, 1) == "Mine"
    with blog.app.app_context():
        mine = blog.one(blog.Post, 1).author_id
    kept = ada.post(
        f"{LIST}edit/?id=1", **{**fields, **FORM, "title": "Still mine", "author": mine}
    )
    assert kept.status_code == 302
    assert title(blog, 1) == "Still mine"


class WritersOnly(OwnPolicy):
    """Nobody adds a post in another person's name."""

    def add(self, user: Any, post: Any) -> bool:
        return bool(post.author_id == user.id)


def test_the_rule_of_a_policy_about_adding_holds_in_the_panel(blogs: MakeBlog) -> None:
    blog = blogs(prepared=lambda blog: blog.lback.permissions.policy(blog.Post)(WritersOnly))
    ada_key = blog.add_staff("ada", *RIGHTS, "people.view_user")
    ben = blog.add_user("ben")
    ada = blog.panel("ada")
    fields = hidden_fields(ada.get(f"{LIST}new/").text)
    refused = ada.post(f"{LIST}new/", **{**fields, **FORM, "author": str(ben)})
    assert "out of your reach" in refused.text
    assert blog.count(blog.Post) == 0
    added = ada.post(f"{LIST}new/", **{**fields, **FORM, "author": str(ada_key)})
    assert added.status_code == 302
    assert blog.count(blog.Post) == 1


class Locks(OwnPolicy):
    """Nobody changes or deletes what is locked, whatever he wrote."""

    def scope(self, select: Any, user: Any, action: str) -> Any:
        return select

    def change(self, user: Any, post: Any) -> bool:
        return bool(post.title != "Locked")

    delete = change


def test_the_rule_of_a_policy_holds_for_chosen_rows_too(blogs: MakeBlog) -> None:
    blog = blogs(prepared=lambda blog: blog.lback.permissions.policy(blog.Post)(Locks))
    blog.add_staff("ada", *RIGHTS)
    blog.add_post("Locked", author="ada")
    blog.add_post("Open", author="ada")
    ada = blog.panel("ada")
    assert ada.post(f"{LIST}edit/?id=1", **FORM).status_code == 403
    assert ada.get(f"{LIST}delete/?id=1").status_code == 404
    assert ada.get(f"{LIST}delete/?id=1&id=2").text.count('name="id"') == 1
    ada.act(LIST, "publish", 1, 2)
    with blog.app.app_context():
        states = [blog.one(blog.Post, key).status for key in (1, 2)]
    assert states == [Status.draft, Status.published]
    file = (io.BytesIO(b"id,title\n1,Renamed\n"), "posts.csv")
    page = ada.client.post(f"{LIST}import/", data={"csrf_token": ada.token, "file": file}).text
    assert "There is no such record, or you may not change it." in page
    assert title(blog, 1) == "Locked"


def test_a_policy_costs_no_statement_for_each_row(blogs: MakeBlog) -> None:
    blog = blogs(prepared=lambda blog: blog.lback.permissions.policy(blog.Post)(OwnPolicy))
    blog.add_staff("ada", *RIGHTS)
    panel = blog.panel("ada")
    costs = []
    for number in (2, 9):
        for n in range(number):
            blog.add_post(f"Mine {number} {n}", author="ada")
        panel.get(LIST)
        with count_queries(blog.app) as statements:
            assert "Mine 2 1" in panel.get(LIST).text
        costs.append(len(statements))
    # The account, counts, rows, and which of them may be changed; grants on objects when there are.
    assert costs[0] == costs[1] <= 5


def test_a_scope_costs_one_statement_at_most(shop: Blog) -> None:
    costs = []
    for name in ("root", "ada"):
        panel = shop.panel(name)
        panel.get(LIST)
        with count_queries(shop.app) as statements:
            panel.get(LIST)
        costs.append(len(statements))
    assert costs[1] <= costs[0] + 1
