"""Rights on single objects, given to people and to groups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback import LbackError
from flask_lback.auth import current_user
from flask_lback.auth.api_tokens.service import ApiTokens
from flask_lback.core.state import state_of
from flask_lback.exceptions import UnknownNameError
from flask_lback.permissions import objects as object_rights
from flask_lback.permissions import permission_required, require_permission
from flask_lback.permissions.sync import sync
from flask_lback.testing import count_queries, sign_in
from tests.support.databases import DATABASES

from .blog import CHANGE, DELETE, VIEW, Blog, make_blog


def rows(blog: Blog) -> int:
    """How many rights on single objects are stored."""
    kind = blog.models.ObjectPermission
    return int(blog.db.session.scalar(sa.select(sa.func.count()).select_from(kind)))


def lend(blog: Blog, title: str, holder: Any, name: str = CHANGE) -> None:
    """Give a right on a post, and commit."""
    holder = blog.user(holder) if holder in ("maya", "kofi", "lena") else holder
    blog.lback.permissions.grant_object(name, blog.post(title), holder)
    blog.db.session.commit()


@pytest.mark.parametrize("database", DATABASES)
def test_a_right_on_one_post_is_a_right_on_no_other(
    make_ready_blog: Callable[..., Blog], database: str
) -> None:
    blog = make_ready_blog(database)
    with blog.app.app_context():
        blog.group("Editors", "lena")
        lend(blog, "m1", "kofi")
        lend(blog, "m2", "Editors")
        lend(blog, "k1", blog.user("lena"))
        for name, titles in (("kofi", ["m1"]), ("lena", ["m2", "k1"]), ("maya", [])):
            user = blog.user(name)
            allowed = [
                post.title
                for post in blog.db.session.scalars(sa.select(blog.Post).order_by(blog.Post.id))
                if user.has_object_permission(CHANGE, post)
            ]
            assert allowed == titles == blog.titles(name, "change"), name
            assert not user.has_permission(CHANGE)
            assert not user.has_object_permission(DELETE, blog.post("m1")), "another right"
            assert blog.titles(name, "delete") == []
        blog.lback.permissions.revoke_object(CHANGE, blog.post("m2"), "Editors")
        blog.db.session.commit()
        assert blog.titles("lena", "change") == ["k1"]


@pytest.mark.parametrize("most", [0, 1_000])
def test_a_right_on_something_else_with_the_same_key_is_no_right_on_the_post(
    blog: Blog, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(object_rights, "MOST_ROWS", most)
    with blog.app.app_context():
        kofi = blog.user("kofi")
        blog.lback.permissions.grant_object(CHANGE, blog.user("maya"), kofi)
        blog.db.session.commit()
        assert blog.user("maya").id == blog.post("m1").id
        assert blog.user("kofi").has_object_permission(CHANGE, blog.user("maya"))
        assert not blog.user("kofi").has_object_permission(CHANGE, blog.post("m1"))
        assert blog.titles("kofi", "change") == []


@pytest.mark.parametrize("database", DATABASES)
def test_keys_of_other_kinds_can_be_granted(
    make_ready_blog: Callable[..., Blog], database: str
) -> None:
    blog = make_ready_blog(database)
    db = blog.db
    with blog.app.app_context():
        db.session.add_all([db.Note(), db.Note(), db.Tag(name="Ägypten"), db.Tag(name="o'neil")])
        db.session.commit()
        for model, name in ((db.Note, "blog.view_note"), (db.Tag, "blog.view_tag")):
            first, second = db.session.scalars(sa.select(model)).all()
            blog.lback.permissions.grant_object(name, first, blog.user("lena"))
            db.session.commit()
            lena = blog.user("lena")
            assert lena.has_object_permission(name, first)
            assert not lena.has_object_permission(name, second)
            query = blog.lback.permissions.scope(sa.select(model), lena)
            assert db.session.scalars(query).all() == [first]


def test_an_object_whose_key_is_no_text_is_refused_with_a_remedy(blog: Blog) -> None:
    db = blog.db
    with blog.app.app_context():
        seat = db.Seat(row=1, place=2)
        db.session.add(seat)
        with pytest.raises(LbackError, match="Write a policy"):
            blog.lback.permissions.grant_object("blog.view_seat", seat, blog.user("lena"))
        lena = blog.user("lena")
        assert not lena.has_object_permission("blog.view_seat", seat)
        query = blog.lback.permissions.scope(sa.select(db.Seat), lena)
        assert db.session.scalars(query).all() == []
        for obj in (None, "m1", 5):
            with pytest.raises(LbackError, match="no object"):
                blog.lback.permissions.grant_object(CHANGE, obj, lena)
        with pytest.raises(LbackError, match="no key"):
            blog.lback.permissions.grant_object(CHANGE, blog.Post(title="x"), lena)


def test_granting_twice_and_revoking_nothing_change_nothing(blog: Blog) -> None:
    with blog.app.app_context():
        for _ in range(2):
            lend(blog, "m1", "kofi")
        assert rows(blog) == 1
        for _ in range(2):
            blog.lback.permissions.revoke_object(CHANGE, blog.post("m1"), blog.user("kofi"))
            blog.db.session.commit()
        assert rows(blog) == 0
        with pytest.raises(UnknownNameError, match=r"no permission 'blog\.eat_post'"):
            lend(blog, "m1", "kofi", "blog.eat_post")
        with pytest.raises(UnknownNameError, match="no group 'Nobodies'"):
            lend(blog, "m1", "Nobodies")


@pytest.mark.parametrize("in_bulk", [True, False])
@pytest.mark.parametrize("gone", ["object", "account", "group", "permission"])
def test_a_right_goes_with_its_object_and_with_its_holder(
    blog: Blog, gone: str, in_bulk: bool
) -> None:
    models = blog.models
    with blog.app.app_context():
        lend(blog, "m2", "maya")
        lend(blog, "k1", "kofi", DELETE)
        editors = blog.group("Editors", "lena")
        lend(blog, "m1", "Editors" if gone == "group" else "lena")
        what: Any = {
            "object": blog.post("m1"),
            "account": blog.user("lena"),
            "group": editors,
            "permission": blog.db.session.scalars(
                sa.select(models.Permission).filter_by(name=CHANGE)
            ).one(),
        }[gone]
        if in_bulk:
            kind = type(what)
            blog.db.session.execute(sa.delete(kind).where(kind.id == what.id))
        else:
            blog.db.session.delete(what)
        blog.db.session.commit()
        assert rows(blog) == (1 if gone == "permission" else 2)


@pytest.mark.parametrize("in_bulk", [True, False])
def test_a_new_object_with_the_key_of_a_deleted_one_is_nobodys(blog: Blog, in_bulk: bool) -> None:
    with blog.app.app_context():
        lend(blog, "k3", "lena")
        key = blog.post("k3").id
        if in_bulk:
            kept = blog.Post.title.in_(["m1", "m2", "k1", "k2"])
            blog.db.session.execute(sa.delete(blog.Post).where(~kept))
        else:
            blog.db.session.delete(blog.post("k3"))
        blog.db.session.commit()
        blog.write("kofi", "next")
        assert blog.post("next").id == key, "SQLite gives the key again"
        assert not blog.user("lena").has_object_permission(CHANGE, blog.post("next"))
        assert blog.titles("lena", "change") == []


def test_a_deletion_that_is_rolled_back_takes_no_right(blog: Blog) -> None:
    with blog.app.app_context():
        lend(blog, "m1", "kofi")
        blog.db.session.delete(blog.post("m1"))
        blog.db.session.flush()
        blog.db.session.rollback()
        assert blog.titles("kofi", "change") == ["m1"]


def test_a_grant_stands_beside_the_rule_of_a_policy(blog: Blog) -> None:
    post = blog.Post

    class PostPolicy:
        def change(self, user: Any, obj: Any) -> bool:
            return bool(obj.author_id == user.id)

        def scope(self, select: Any, user: Any, action: str) -> Any:
            return select.where(post.author_id == user.id)

    blog.lback.permissions.policy(post)(PostPolicy)
    with blog.app.app_context():
        assert blog.titles("maya", "change") == ["m1", "m2"]
        lend(blog, "k2", "maya")
        assert blog.titles("maya", "change") == ["m1", "m2", "k2"]
        assert blog.user("maya").has_object_permission(CHANGE, blog.post("k2"))
        assert not blog.user("maya").has_object_permission(CHANGE, blog.post("k1"))
        joined = sa.select(post).join(post.author).where(blog.models.User.username == "kofi")
        query = blog.lback.permissions.scope(joined, blog.user("maya"), "change")
        assert [found.title for found in blog.db.session.scalars(query)] == ["k2"]


def test_an_account_that_is_off_uses_no_grant(blog: Blog) -> None:
    with blog.app.app_context():
        lend(blog, "m1", "kofi")
        kofi = blog.user("kofi")
        kofi.is_active = False
        blog.db.session.commit()
        assert not blog.user("kofi").has_object_permission(CHANGE, blog.post("m1"))
        assert blog.titles("kofi", "change") == []


def add_pages(blog: Blog) -> None:
    """Pages that ask about one post, in three ways, and a list."""

    def find(number: int) -> Any:
        return blog.db.session.get(blog.Post, number)

    @blog.app.get("/decorated/<int:number>/")
    @permission_required(CHANGE, obj=find)
    def decorated(number: int) -> str:
        return str(find(number).title)

    @blog.app.get("/inside/<int:number>/")
    def inside(number: int) -> str:
        require_permission(CHANGE, obj=find(number))
        return str(find(number).title)

    @blog.app.get("/list/")
    def listed() -> Any:
        posts = blog.db.session.scalars(sa.select(blog.Post).order_by(blog.Post.id)).all()
        return [post.title for post in posts if current_user.has_object_permission(CHANGE, post)]

    @blog.app.get("/broken/<int:number>/")
    @permission_required(CHANGE, obj=lambda: 1 / 0)
    def broken(number: int) -> str:
        return "in"


def test_a_view_asks_about_the_object_of_its_address(blog: Blog) -> None:
    add_pages(blog)
    with blog.app.app_context():
        lend(blog, "m2", "kofi")
        kofi = sign_in(blog.app, blog.user("kofi"))
    for place in ("decorated", "inside"):
        assert kofi.get(f"/{place}/2/").text == "m2"
        assert kofi.get(f"/{place}/1/").status_code == 403
        assert kofi.get(f"/{place}/99/").status_code == 404
        anonymous = blog.app.test_client()
        assert [anonymous.get(f"/{place}/{key}/").status_code for key in (1, 2, 99)] == [302] * 3
        asked = anonymous.get(f"/{place}/2/", headers={"Accept": "application/json"})
        assert asked.status_code == 401
    assert kofi.get("/broken/1/").status_code == 403


def test_questions_about_many_objects_cost_one_statement(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_pages(blog)
    with blog.app.app_context():
        blog.write("maya", *(f"more {number}" for number in range(200)))
        lend(blog, "m1", "kofi")
        lend(blog, "m2", "kofi")
        kofi = sign_in(blog.app, blog.user("kofi"))
    with count_queries(blog.app) as statements:
        assert kofi.get("/list/").json == ["m1", "m2"]
    assert len(statements) == 3, "the account, what it was granted, the posts"
    monkeypatch.setattr(object_rights, "MOST_ROWS", 1)
    assert kofi.get("/list/").json == ["m1", "m2"], "also when they are too many to be read at once"
    with blog.app.app_context():
        assert blog.titles("kofi", "change") == ["m1", "m2"]


@pytest.mark.parametrize("database", DATABASES)
@pytest.mark.parametrize("holder", ["kofi", "Editors"])
def test_what_one_worker_lends_counts_on_the_next_request_of_another(
    make_ready_blog: Callable[..., Blog], database: str, holder: str
) -> None:
    blog = make_ready_blog(database)
    other = make_blog(blog.app.config["SQLALCHEMY_DATABASE_URI"])
    add_pages(other)
    with blog.app.app_context():
        blog.group("Editors", "kofi")
        cookie = sign_in(blog.app, blog.user("kofi")).get_cookie("lback_session")
    assert cookie is not None
    kofi = other.app.test_client()
    kofi.set_cookie("lback_session", cookie.value)
    assert kofi.get("/list/").json == []
    kind = blog.models.ObjectPermission
    for in_bulk in (False, True):
        with blog.app.app_context():
            lend(blog, "m1", holder)
        with count_queries(other.app) as statements:
            assert kofi.get("/list/").json == ["m1"]
        assert len(statements) == 3
        with blog.app.app_context():
            if in_bulk:
                blog.db.session.execute(sa.delete(kind))
            else:
                owner = blog.user(holder) if holder == "kofi" else holder
                blog.lback.permissions.revoke_object(CHANGE, blog.post("m1"), owner)
            blog.db.session.commit()
        assert kofi.get("/list/").json == []
    with blog.app.app_context():
        user, right = blog.user("kofi"), sa.select(blog.models.Permission.id).filter_by(name=CHANGE)
        values = {"model": "blog.post", "object_key": str(blog.post("m2").id)}
        rows = {**values, "permission_id": blog.db.session.scalar(right), "user_id": user.id}
        blog.db.session.execute(sa.insert(kind), [rows])
        blog.db.session.commit()
    assert kofi.get("/list/").json == ["m2"]
    with other.app.app_context():
        other.db.engine.dispose()


def test_a_right_that_is_given_or_taken_shows_within_the_request(blog: Blog) -> None:
    @blog.app.get("/lend/")
    def change() -> Any:
        permissions, post, said = blog.lback.permissions, blog.post("m1"), []
        for step in (None, permissions.grant_object, permissions.revoke_object):
            if step is not None:
                step(CHANGE, post, current_user)
            said.append(current_user.has_object_permission(CHANGE, post))
        permissions.grant_object(CHANGE, post, current_user)
        blog.db.session.rollback()
        return [*said, current_user.has_object_permission(CHANGE, post)]

    with blog.app.app_context():
        kofi = sign_in(blog.app, blog.user("kofi"))
    assert kofi.get("/lend/").json == [False, True, False, False]


def test_a_token_that_is_narrowed_to_other_permissions_uses_no_grant(blog: Blog) -> None:
    add_pages(blog)
    with blog.app.app_context():
        sync(blog.app)
        lend(blog, "m1", "kofi")
        lend(blog, "m1", "kofi", VIEW)
        for name in (VIEW, CHANGE):
            blog.lback.permissions.grant(name, blog.user("kofi"))
        blog.db.session.commit()
    client = blog.app.test_client()
    for scopes, status in (([VIEW], 403), ([VIEW, CHANGE], 200), (None, 200)):
        with blog.app.test_request_context():
            tokens, life = state_of(blog.app)[ApiTokens], dt.timedelta(days=1)
            token = tokens.make(blog.user("kofi"), "script", scopes=scopes, life=life)[1]
        headers = {"Authorization": f"Bearer {token}"}
        assert client.get("/decorated/1/", headers=headers).status_code == status
