"""Other people's posts: by key, by name, nested, in lists, counts, exports and filters."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Response, abort, request
from flask.testing import FlaskClient

from flask_lback.auth import current_user, login_required
from flask_lback.permissions import permission_required, require_permission
from flask_lback.testing import sign_in
from tests.permissions.blog import CHANGE, DELETE, VIEW, Blog
from tests.permissions.blog import blog as blog
from tests.permissions.blog import make_ready_blog as make_ready_blog
from tests.support.visitor import errors_of

from .support import renamed

JSON = {"Accept": "application/json"}


@pytest.fixture
def place(blog: Blog) -> Blog:
    """Everybody has posts of their own, and sees, changes and deletes only these."""
    post = blog.Post

    class OwnPosts:
        def view(self, user: Any, obj: Any) -> bool:
            return bool(obj.author_id == user.id)

        change = delete = view

        def scope(self, select: Any, user: Any, action: str) -> Any:
            return select.where(post.author_id == user.id)

    blog.lback.permissions.policy(post)(OwnPosts)
    blog.app.config["WTF_CSRF_ENABLED"] = False
    add_single(blog)
    add_lists(blog)
    add_changes(blog)
    return blog


def reach(blog: Blog, action: str = "view") -> Any:
    """The posts with which the visitor may do something."""
    return blog.lback.permissions.scope(sa.select(blog.Post), current_user, action)


def add_single(blog: Blog) -> None:
    """One post, by its key, its name, and below a person."""
    post, session = blog.Post, blog.db.session

    def by_key(number: int) -> Any:
        return session.scalar(reach(blog).filter_by(id=number))

    @blog.app.get("/posts/<int:number>/")
    @permission_required(VIEW, obj=by_key)
    def by_number(number: int) -> str:
        return str(by_key(number).title)

    @blog.app.get("/posts/<slug>/")
    def by_slug(slug: str) -> str:
        found = session.scalar(sa.select(post).filter_by(title=slug))
        require_permission(VIEW, obj=found)
        return str(found.title)

    @blog.app.get("/people/<name>/posts/<int:number>/")
    @login_required
    def nested(name: str, number: int) -> str:
        return str((by_key(number) or abort(404)).title)


def add_lists(blog: Blog) -> None:
    """A list with a filter and a count, and an export."""
    post, session = blog.Post, blog.db.session

    @blog.app.get("/posts/")
    @login_required
    def listed() -> Any:
        query = reach(blog).where(post.title.contains(request.args.get("title", "")))
        count = sa.select(sa.func.count()).select_from(query.subquery())
        posts = session.scalars(query.order_by(post.id)).all()
        return {"count": session.scalar(count), "posts": [one.title for one in posts]}

    @blog.app.get("/posts/export/")
    @login_required
    def export() -> Response:
        text = io.StringIO()
        csv.writer(text).writerows([one.title] for one in session.scalars(reach(blog)))
        return Response(text.getvalue(), mimetype="text/csv")


def add_changes(blog: Blog) -> None:
    """One post is changed, several are deleted."""
    post, session = blog.Post, blog.db.session

    @blog.app.post("/posts/<int:number>/")
    @permission_required(CHANGE, obj=lambda number: session.get(post, number))
    def change(number: int) -> str:
        session.get(post, number).title = "stolen"
        session.commit()
        return "changed"

    @blog.app.post("/posts/delete/")
    @login_required
    def delete() -> Any:
        wanted = request.form.getlist("id", type=int)
        found = session.scalars(reach(blog, "delete").where(post.id.in_(wanted))).all()
        for one in found:
            require_permission(DELETE, obj=one)
            session.delete(one)
        session.commit()
        return {"count": len(found)}


def titles_and_people(place: Blog) -> tuple[dict[str, int], FlaskClient, FlaskClient]:
    """The keys of the posts, maya and kofi."""
    with place.app.app_context():
        keys = {one.title: one.id for one in place.db.session.scalars(sa.select(place.Post))}
        maya, kofi = (sign_in(place.app, place.user(name)) for name in ("maya", "kofi"))
    return keys, maya, kofi


def test_rb_3_nobody_reads_a_post_of_somebody_else_by_any_address(place: Blog) -> None:
    keys, maya, kofi = titles_and_people(place)
    assert kofi.get(f"/posts/{keys['k1']}/").text == "k1"
    foreign, missing = maya.get(f"/posts/{keys['k1']}/"), maya.get("/posts/999/")
    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert errors_of(foreign.text) == errors_of(missing.text), "they look the same"
    assert kofi.get("/posts/k1/").text == "k1"
    assert maya.get("/posts/k1/").status_code == 403
    assert maya.get(f"/people/kofi/posts/{keys['k1']}/").status_code == 404
    assert maya.get(f"/people/maya/posts/{keys['k1']}/").status_code == 404
    assert maya.get(f"/people/maya/posts/{keys['m1']}/").text == "m1"


def test_rb_3_lists_counts_exports_and_filters_hold_nothing_of_somebody_else(place: Blog) -> None:
    _, maya, kofi = titles_and_people(place)
    assert maya.get("/posts/").json == {"count": 2, "posts": ["m1", "m2"]}
    assert maya.get("/posts/?title=k").json == {"count": 0, "posts": []}
    assert kofi.get("/posts/?title=k").json == {"count": 3, "posts": ["k1", "k2", "k3"]}
    assert maya.get("/posts/export/").text.split() == ["m1", "m2"]


def test_rb_3_nobody_changes_or_deletes_a_post_of_somebody_else(place: Blog) -> None:
    keys, maya, kofi = titles_and_people(place)
    assert maya.post(f"/posts/{keys['k1']}/").status_code == 403
    assert maya.post(f"/posts/{keys['k1']}/", headers=JSON).status_code == 403
    everything = {"id": list(keys.values())}
    assert maya.post("/posts/delete/", data={"id": [keys["k1"], keys["k2"]]}).json == {"count": 0}
    assert kofi.get("/posts/").json == {"count": 3, "posts": ["k1", "k2", "k3"]}
    assert maya.post("/posts/delete/", data=everything).json == {"count": 2}
    assert kofi.get("/posts/").json == {"count": 3, "posts": ["k1", "k2", "k3"]}


def test_rb_3_a_post_with_the_key_of_a_lent_one_is_lent_to_nobody(place: Blog) -> None:
    keys, maya, kofi = titles_and_people(place)
    with place.app.app_context():
        place.lback.permissions.grant_object(VIEW, place.post("k3"), place.user("maya"))
        place.db.session.commit()
    assert maya.get("/posts/k3/").text == "k3"
    assert maya.get("/posts/").json == {"count": 3, "posts": ["m1", "m2", "k3"]}
    kofi.post("/posts/delete/", data={"id": [keys["k3"]]})
    with place.app.app_context():
        place.write("kofi", "diary")
        assert place.post("diary").id == keys["k3"]
    assert maya.get("/posts/diary/").status_code == 403
    assert maya.get("/posts/").json == {"count": 2, "posts": ["m1", "m2"]}


def test_rb_11_without_the_table_of_object_rights_nobody_reaches_an_object(place: Blog) -> None:
    keys, maya, _ = titles_and_people(place)
    place.app.config["PROPAGATE_EXCEPTIONS"] = False
    place.app.testing = False
    with place.app.app_context():
        place.lback.permissions.grant_object(VIEW, place.post("k1"), place.user("maya"))
        place.db.session.commit()
    with renamed(place, "lback_object_permission"):
        for path in ("/posts/k1/", f"/posts/{keys['k1']}/", "/posts/"):
            answer = maya.get(path)
            assert (answer.status_code in (403, 500), "k1" in answer.text) == (True, False), path
    assert maya.get("/posts/k1/").text == "k1"
