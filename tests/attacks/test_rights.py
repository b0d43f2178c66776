"""Rights are never inherited, kept or widened by accident."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.views import MethodView, View

from flask_lback.permissions import permission_required
from flask_lback.testing import sign_in
from tests.support.apps import Site
from tests.support.databases import DATABASES

RIGHT = "news.read"


def add_to_group(site: Site, user: str, name: str) -> None:
    """Make somebody a member of a group, which is made when it is missing."""
    with site.app.app_context():
        kind: Any = site.models.Group
        group = site.db.session.scalar(sa.select(kind).filter_by(name=name))
        if group is None:
            group = kind(name=name)
            site.db.session.add(group)
        member = site.user(user)
        member.groups.append(group)
        site.db.session.commit()


def status(site: Site, user: str) -> int:
    """What the guarded page answers somebody."""
    with site.app.app_context():
        return sign_in(site.app, site.user(user)).get("/news/").status_code


@pytest.mark.parametrize("kind", DATABASES)
@pytest.mark.parametrize("in_bulk", [True, False])
def test_rb_3_an_account_with_the_key_of_a_deleted_one_inherits_no_right(
    make_ready: Callable[..., Site], kind: str, in_bulk: bool
) -> None:
    site = make_ready("default", kind)
    key = site.add_user("maya")
    with site.app.app_context():
        group = site.models.Group(name="Readers")
        site.db.session.add(group)
        site.db.session.flush()
        site.lback.permissions.grant(RIGHT, group)
        site.db.session.commit()
    add_to_group(site, "maya", "Readers")
    site.add_user("unrelated")
    add_to_group(site, "unrelated", "Writers")
    assert status(site, "maya") == 200
    with site.app.app_context():
        if in_bulk:
            site.db.session.execute(sa.delete(site.models.User).filter_by(id=key))
        else:
            site.db.session.delete(site.user("maya"))
        site.db.session.commit()
    assert site.add_user("kofi", id=key) == key
    add_to_group(site, "kofi", "Writers")
    assert status(site, "kofi") == 403


def test_rb_3_a_membership_that_is_moved_by_an_update_leaves_its_old_owner(site: Site) -> None:
    site.add_user("maya")
    heir = site.add_user("kofi")
    add_to_group(site, "maya", "Readers")
    with site.app.app_context():
        group = site.db.session.scalar(sa.select(site.models.Group))
        site.lback.permissions.grant(RIGHT, group)
        site.db.session.commit()
    assert (status(site, "maya"), status(site, "kofi")) == (200, 403)
    with site.app.app_context():
        site.db.session.execute(sa.update(site.models.members), {"user_id": heir})
        site.db.session.commit()
    assert (status(site, "maya"), status(site, "kofi")) == (403, 200)


def test_rb_10_a_subclass_that_replaces_the_guarded_method_is_guarded(site: Site) -> None:
    marks = []

    @permission_required(RIGHT)
    class Guarded(View):
        decorators = []  # noqa: RUF012 - as Flask's own class has it

        def __init_subclass__(cls, **options: Any) -> None:
            super().__init_subclass__(**options)
            marks.append(cls.__name__)

        def dispatch_request(self, **values: Any) -> str:
            return "guarded"

    class Replaced(Guarded):
        def dispatch_request(self, **values: Any) -> str:
            return "replaced"

    class ReplacedAgain(Replaced):
        decorators = []  # noqa: RUF012

        def dispatch_request(self, **values: Any) -> str:
            return "replaced again"

    class Inherited(Replaced):
        pass

    @permission_required(RIGHT)
    class Methods(MethodView):
        def get(self) -> str:
            return "methods"

    class MoreMethods(Methods):
        def post(self) -> str:
            return "more"

    views: list[type[View]] = [Guarded, Replaced, ReplacedAgain, Inherited, Methods, MoreMethods]
    for view in views:
        site.app.add_url_rule(f"/{view.__name__}/", view_func=view.as_view(view.__name__))
    client = site.app.test_client()
    assert [client.get(f"/{view.__name__}/").status_code for view in views] == [302] * 6
    site.add_user("maya", is_superuser=True)
    insider = sign_in(site.app, "maya")
    assert [insider.get(f"/{view.__name__}/").text for view in views] == [
        "guarded",
        "replaced",
        "replaced again",
        "replaced",
        "methods",
        "methods",
    ]
    assert marks == ["Replaced", "ReplacedAgain", "Inherited"]
    assert MoreMethods.methods == {"GET", "POST"}


def test_rb_11_without_a_database_nobody_is_let_in(make_ready: Callable[..., Site]) -> None:
    site = make_ready(PROPAGATE_EXCEPTIONS=False)
    site.add_user("maya", is_superuser=True, is_staff=True)
    client = sign_in(site.app, "maya")
    site.app.testing = False
    assert client.get("/news/").text == "news"
    with site.app.app_context():
        engine = site.db.engine

    def refuse(*values: Any) -> None:
        raise sa.exc.OperationalError("SELECT secret", {}, Exception("no route to db.internal"))

    sa.event.listen(engine, "before_cursor_execute", refuse)
    try:
        for path in ("/news/", "/ten/", "/auth/account/", "/api/auth/me/", "/admin/"):
            answer = client.get(path)
            assert answer.status_code == 500, path
            assert "db.internal" not in answer.text
            assert "secret" not in answer.text
        document = {"identifier": "maya", "password": "a plain long sentence"}
        assert client.post("/api/auth/login/", json=document).status_code == 500
    finally:
        sa.event.remove(engine, "before_cursor_execute", refuse)
