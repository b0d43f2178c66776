"""Class-based views with `PermissionRequiredMixin`, and methods with rights of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from flask.testing import FlaskClient
from flask.views import MethodView, View

from flask_lback import ConfigError
from flask_lback.permissions import PermissionRequiredMixin, permission_required
from flask_lback.testing import sign_in
from tests.support.apps import Site

READ, WRITE = "news.read", "news.write"


@pytest.fixture
def site(make_ready: Callable[..., Site]) -> Site:
    """Pages are posted to without a form here."""
    return make_ready(WTF_CSRF_ENABLED=False)


@pytest.fixture
def reader(site: Site) -> FlaskClient:
    """Maya, who may read and not write."""
    site.add_user("maya")
    site.lback.permissions.define(WRITE)
    with site.app.app_context():
        from flask_lback.permissions.sync import sync

        sync(site.app)
        site.lback.permissions.grant(READ, site.user("maya"))
        site.db.session.commit()
        return sign_in(site.app, site.user("maya"))


def mount(site: Site, view: type[View]) -> str:
    """The address of a class-based view."""
    path = f"/{view.__name__.lower()}/"
    site.app.add_url_rule(path, view_func=view.as_view(view.__name__))
    return path


def test_a_class_runs_for_those_who_hold_its_permission(site: Site, reader: FlaskClient) -> None:
    class Reading(PermissionRequiredMixin, MethodView):
        permission_required: ClassVar[Any] = READ

        def get(self) -> str:
            return "reading"

    class Writing(Reading):
        permission_required = (READ, WRITE)

    class Plain(PermissionRequiredMixin, View):
        permission_required = WRITE

        def dispatch_request(self) -> str:
            return "plain"

    class Derived(Plain):
        def dispatch_request(self) -> str:
            return "derived"

    paths = [mount(site, view) for view in (Reading, Writing, Plain, Derived)]
    assert [reader.get(path).status_code for path in paths] == [200, 403, 403, 403]
    anonymous = site.app.test_client()
    assert [anonymous.get(path).status_code for path in paths] == [302] * 4
    assert [anonymous.head(path).status_code for path in paths] == [302] * 4


def test_each_method_may_need_another_permission(site: Site, reader: FlaskClient) -> None:
    class Notes(PermissionRequiredMixin, MethodView):
        permission_required = {"GET": READ, "POST": WRITE}  # noqa: RUF012 - as people write it

        def get(self) -> str:
            return "notes"

        def post(self) -> str:
            return "written"

        def delete(self) -> str:
            return "nobody has said who may"

    class Decorated(MethodView):
        @permission_required(READ)
        def get(self) -> str:
            return "notes"

        @permission_required(WRITE)
        async def post(self) -> str:
            return "written"

    for path in [mount(site, view) for view in (Notes, Decorated)]:
        assert reader.get(path).text == "notes"
        assert reader.head(path).status_code == 200
        assert reader.post(path).status_code == 403
        assert reader.delete(path).status_code in (403, 405)
        assert site.app.test_client().head(path).status_code == 302
    assert reader.delete("/notes/").status_code == 403


def test_a_view_that_names_no_permission_runs_for_nobody(site: Site, reader: FlaskClient) -> None:
    class Forgotten(PermissionRequiredMixin, MethodView):
        def get(self) -> str:
            return "in"

    path = mount(site, Forgotten)
    assert reader.get(path).status_code == 403
    assert site.app.test_client().get(path).status_code == 302


def test_a_function_of_the_request_and_a_further_condition(site: Site, reader: FlaskClient) -> None:
    class Chosen(PermissionRequiredMixin, MethodView):
        permission_required: ClassVar[Any] = lambda request: request.args["needs"]

        def has_permission(self) -> Any:
            from flask import request

            return {"yes": True, "no": False, "maybe": "yes"}[request.args.get("more", "yes")]

        def get(self) -> str:
            return "in"

    path = mount(site, Chosen)
    assert reader.get(f"{path}?needs={READ}").status_code == 200
    assert reader.get(f"{path}?needs={WRITE}").status_code == 403
    assert reader.get(path).status_code == 403, "the function fails"
    assert reader.get(f"{path}?needs={READ}&more=no").status_code == 403
    assert reader.get(f"{path}?needs={READ}&more=maybe").status_code == 403, "no plain yes"


def test_a_mixin_that_would_never_be_asked_is_an_error_at_import() -> None:
    with pytest.raises(ConfigError, match="PermissionRequiredMixin first"):

        class Wrong(MethodView, PermissionRequiredMixin):
            permission_required = READ


@pytest.mark.parametrize("spec", ["", [], "news.*", {"GET": ""}], ids=repr)
def test_a_class_that_names_nothing_usable_is_an_error_at_import(spec: Any) -> None:
    with pytest.raises(ConfigError, match="permission"):
        type("Wrong", (PermissionRequiredMixin, MethodView), {"permission_required": spec})
