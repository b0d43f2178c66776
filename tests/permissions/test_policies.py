"""Policies: rules about single posts, and the same rules for lists of them."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from flask_lback import ConfigError, LbackError
from flask_lback.auth import AnonymousUser, current_user
from flask_lback.core.state import state_of
from flask_lback.permissions.policies import Policies
from flask_lback.testing import count_queries, sign_in

from .blog import CHANGE, DELETE, VIEW, Blog


def declare_authors(blog: Blog, **attributes: Any) -> None:
    """Everybody sees every post; its author changes it, and so do moderators."""
    post = blog.Post

    class PostPolicy:
        def view(self, user: Any, obj: Any) -> bool:
            return True

        def change(self, user: Any, obj: Any) -> bool:
            return bool(obj.author_id == user.id) or user.has_permission("blog.moderate")

        def scope(self, select: Any, user: Any, action: str) -> Any:
            if action == "view" or user.has_permission("blog.moderate"):
                return select
            return select.where(post.author_id == user.id)

    blog.lback.permissions.define("blog.moderate")
    kind = type("PostPolicy", (PostPolicy,), attributes)
    blog.lback.permissions.policy(post)(kind)


def grant(blog: Blog, name: str, permission: str) -> None:
    """Give somebody a permission."""
    from flask_lback.permissions.sync import sync

    sync(blog.app)
    blog.lback.permissions.grant(permission, blog.user(name))
    blog.db.session.commit()


def test_an_author_changes_his_own_posts_and_nobody_elses(blog: Blog) -> None:
    declare_authors(blog)
    with blog.app.app_context():
        maya = blog.user("maya")
        assert maya.has_object_permission(CHANGE, blog.post("m1"))
        assert maya.has_perm(CHANGE, blog.post("m1"))
        assert not maya.has_object_permission(CHANGE, blog.post("k1"))
        assert not maya.has_permission(CHANGE), "the rule gives no right in general"
        assert maya.has_perms([VIEW, CHANGE], blog.post("m1"))
        assert not maya.has_perms([VIEW, CHANGE], blog.post("k1"))
        assert not maya.has_perms([], blog.post("m1"))
        assert blog.titles("maya", "change") == ["m1", "m2"]
        assert blog.titles("maya", CHANGE) == ["m1", "m2"]
        assert blog.titles("maya", "view") == ["m1", "m2", "k1", "k2", "k3"]


def test_a_permission_counts_where_the_rule_asks_for_it(blog: Blog) -> None:
    declare_authors(blog)
    with blog.app.app_context():
        grant(blog, "lena", CHANGE)
        assert not blog.user("lena").has_object_permission(CHANGE, blog.post("m1"))
        assert blog.titles("lena", "change") == []
        grant(blog, "lena", "blog.moderate")
        assert blog.user("lena").has_object_permission(CHANGE, blog.post("m1"))
        assert len(blog.titles("lena", "change")) == 5


def test_without_a_rule_the_permission_and_the_scope_are_both_needed(blog: Blog) -> None:
    declare_authors(blog)
    with blog.app.app_context():
        assert not blog.user("maya").has_object_permission(DELETE, blog.post("m1"))
        assert blog.titles("maya", "delete") == blog.titles("maya", DELETE) == []
        policies = state_of(blog.app)[Policies]
        asked = policies.scope(sa.select(blog.Post), blog.Post, blog.user("maya"), "delete")
        assert len(blog.db.session.scalars(asked).all()) == 2, "of one who asks for it himself"
        grant(blog, "maya", DELETE)
        assert blog.user("maya").has_object_permission(DELETE, blog.post("m1"))
        assert not blog.user("maya").has_object_permission(DELETE, blog.post("k1"))
        assert blog.titles("maya", "delete") == ["m1", "m2"]
        new = blog.Post(title="new", author_id=blog.user("maya").id)
        assert not blog.user("maya").has_object_permission(DELETE, new), "it is not stored"


def test_a_changed_owner_that_is_not_stored_yet_changes_no_scope(blog: Blog) -> None:
    declare_authors(blog)
    with blog.app.app_context():
        grant(blog, "maya", DELETE)
        post, maya = blog.post("k1"), blog.user("maya")
        post.author_id = maya.id
        assert not maya.has_object_permission(DELETE, post)
        blog.db.session.flush()
        assert maya.has_object_permission(DELETE, post)
        blog.db.session.rollback()


def test_a_superuser_is_bound_only_by_a_policy_that_says_so(blog: Blog) -> None:
    declare_authors(blog)
    with blog.app.app_context():
        assert blog.user("root").has_object_permission(CHANGE, blog.post("m1"))
        assert len(blog.titles("root", "change")) == 5


def test_a_policy_may_bind_superusers(blog: Blog) -> None:
    declare_authors(blog, binds_superusers=True, view=lambda self, user, post: False)
    with blog.app.app_context():
        assert not blog.user("root").has_object_permission(VIEW, blog.post("m1"))
        assert blog.user("root").has_object_permission(CHANGE, blog.post("m1")), "it asks for it"


def test_nobody_and_an_account_that_is_off_may_nothing(blog: Blog) -> None:
    declare_authors(blog)
    with blog.app.app_context():
        nobody, post = AnonymousUser(), blog.post("m1")
        assert not nobody.has_object_permission(VIEW, post)
        assert not nobody.has_perm(VIEW, post)
        query = blog.lback.permissions.scope(sa.select(blog.Post), nobody)
        assert blog.db.session.scalars(query).all() == []
        for name in ("maya", "root"):
            user = blog.user(name)
            user.is_active = False
            blog.db.session.commit()
            assert not blog.user(name).has_object_permission(VIEW, post)
            assert blog.titles(name, "view") == []


@pytest.mark.parametrize("obj", [None, "m1", 5, object()], ids=["none", "text", "number", "object"])
@pytest.mark.parametrize("name", ["maya", "root"])
def test_what_is_no_object_of_a_model_is_refused(blog: Blog, name: str, obj: Any) -> None:
    declare_authors(blog)
    with blog.app.app_context():
        assert not blog.user(name).has_object_permission(VIEW, obj)


def test_an_error_in_a_rule_or_a_scope_denies_and_is_logged(
    blog: Blog, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def view(self, user: Any, post: Any) -> bool:
            raise RuntimeError("no idea")

        def change(self, user: Any, post: Any) -> str:
            return "yes"

        delete = view

        def scope(self, select: Any, user: Any, action: str) -> Any:
            return {"view": [], "change": None}[action]

    blog.lback.permissions.policy(blog.Post)(Broken)
    with blog.app.app_context():
        maya, post = blog.user("maya"), blog.post("m1")
        with caplog.at_level(logging.ERROR):
            assert not maya.has_object_permission(VIEW, post)
            assert not maya.has_object_permission(CHANGE, post)
            assert blog.titles("maya", "view") == [], "no select"
            assert blog.titles("maya", "change") == [], "an action that it does not know"
            assert blog.titles("maya", "delete") == [], "KeyError"
    told = caplog.text
    assert "Broken.view failed; access is denied" in told
    assert "Broken.change gave <class 'str'>, not True" in told
    assert "Broken.scope gave <class 'list'>, no select" in told
    assert "Broken.scope failed; no row is shown" in told
    assert "no idea" in told


def test_a_list_takes_the_same_statements_for_one_row_and_for_hundreds(blog: Blog) -> None:
    declare_authors(blog)

    @blog.app.get("/mine/")
    def mine() -> Any:
        query = blog.lback.permissions.scope(sa.select(blog.Post), current_user, "change")
        posts = blog.db.session.scalars(query).all()
        assert all(current_user.has_object_permission(CHANGE, post) for post in posts)
        return [len(posts)]

    with blog.app.app_context():
        maya = sign_in(blog.app, blog.user("maya"))
    counts = []
    for more in (0, 300):
        with blog.app.app_context():
            blog.write("maya", *(f"more {number}" for number in range(more)))
        with count_queries(blog.app) as statements:
            assert maya.get("/mine/").json == [2 + more]
        counts.append(len(statements))
    assert counts == [2, 2], "the account, the posts"


def test_a_template_asks_about_one_object(blog: Blog) -> None:
    declare_authors(blog)
    asks = 'post is allowed("blog.change_post")'
    source = f"{{% for post in posts if {asks} %}}{{{{ post.title }}}} {{% endfor %}}"

    @blog.app.get("/titles/")
    def titles() -> str:
        from flask import render_template_string

        return render_template_string(source, posts=blog.db.session.scalars(sa.select(blog.Post)))

    with blog.app.app_context():
        maya, root = (sign_in(blog.app, blog.user(name)) for name in ("maya", "root"))
    assert maya.get("/titles/").text == "m1 m2 "
    assert root.get("/titles/").text == "m1 m2 k1 k2 k3 "
    assert blog.app.test_client().get("/titles/").text == ""


def test_a_select_that_would_not_be_narrowed_is_refused(blog: Blog) -> None:
    declare_authors(blog)
    with blog.app.app_context():
        policies, maya = state_of(blog.app)[Policies], blog.user("maya")
        count = sa.select(sa.func.count()).select_from(blog.Post)
        narrowed = policies.scope(count, blog.Post, maya, "change")
        assert blog.db.session.scalar(narrowed) == 2
        other = aliased(blog.Post)
        for statement in (sa.select(other), sa.select(sa.select(blog.Post).subquery())):
            with pytest.raises(LbackError, match="does not select Post"):
                policies.scope(statement, blog.Post, maya, "change")
        for statement in (sa.select(other.id), sa.select(sa.literal(1))):
            with pytest.raises(LbackError, match=r"select"):
                blog.lback.permissions.scope(statement, maya)


def test_a_model_without_a_policy_is_shown_to_those_who_hold_the_permission(blog: Blog) -> None:
    with blog.app.app_context():
        assert not state_of(blog.app)[Policies].has(blog.Post)
        assert blog.titles("maya") == []
        assert not blog.user("maya").has_object_permission(VIEW, blog.post("m1"))
        grant(blog, "maya", VIEW)
        assert len(blog.titles("maya")) == 5
        assert blog.user("maya").has_object_permission(VIEW, blog.post("k1"))
        maya = blog.user("maya")
        plain = sa.select(blog.Post)
        assert blog.lback.permissions.scope(plain, maya) is plain, "and it costs nothing"


def test_a_rule_of_another_app_with_the_same_words_is_not_followed(blog: Blog) -> None:
    declare_authors(blog)
    with blog.app.app_context():
        assert blog.user("maya").has_object_permission(VIEW, blog.post("m1"))
        assert not blog.user("maya").has_object_permission("shop.view_post", blog.post("m1"))
        assert not blog.user("maya").has_object_permission("blog.scope", blog.post("m1"))
        assert not blog.user("maya").has_object_permission("blog.__init___post", blog.post("m1"))


class NoScope:
    def change(self, user: Any, post: Any) -> bool:
        return True


class Nothing:
    pass


class Waiting:
    async def view(self, user: Any, post: Any) -> bool:
        return True

    def scope(self, select: Any, user: Any, action: str) -> Any:
        return select


class WithArguments:
    def __init__(self, more: str) -> None: ...

    def scope(self, select: Any, user: Any, action: str) -> Any:
        return select


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (NoScope, "rules for objects and no scope"),
        (Nothing, "no rule"),
        (Waiting, "is async"),
        (WithArguments, "without arguments"),
    ],
)
def test_a_policy_that_could_not_keep_a_list_closed_stops_the_start(
    blog: Blog, kind: Any, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        blog.lback.permissions.policy(blog.Post)(kind)


def test_a_model_has_one_policy(blog: Blog) -> None:
    declare_authors(blog)
    with pytest.raises(ConfigError, match="Post has the policy PostPolicy"):
        declare_authors(blog)
    with pytest.raises(ConfigError, match="no mapped model"):
        blog.lback.permissions.policy(int)(WithArguments)
