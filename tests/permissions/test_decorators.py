"""Who gets to a view behind a permission, and what the others are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.views import MethodView, View

from flask_lback import ConfigError
from flask_lback.auth import current_user
from flask_lback.permissions import (
    PermissionRequired,
    any_permission_required,
    group_required,
    permission_required,
    require_permission,
    staff_member_required,
    superuser_required,
)
from flask_lback.testing import record_signals, sign_in
from tests.support.apps import Site
from tests.support.visitor import errors_of

CHECKS = ("permission_check_started", "permission_check_succeeded", "permission_check_failed")


@pytest.fixture
def place(site: Site) -> Site:
    """A site with an account that holds ``a`` and ``b`` and is in Editors, and one that is not."""
    site.add_user("maya")
    site.add_user("kofi")
    for name in ("app.a", "app.b", "app.c"):
        site.lback.permissions.define(name)
    with site.app.app_context():
        from flask_lback.permissions.sync import sync

        sync(site.app)
        maya = site.user("maya")
        maya.groups.append(site.models.Group(name="Editors"))
        for name in ("app.a", "app.b"):
            site.lback.permissions.grant(name, maya)
        site.db.session.commit()
    return site


def status(place: Site, decorate: Any, name: str | None = "maya", **options: Any) -> Any:
    """What somebody gets from a view with that decorator."""
    app = fresh_view(place.app, decorate)
    client = app.test_client()
    if name is not None:
        with app.app_context():
            client = sign_in(app, place.user(name))
    return client.get("/guarded/", **options)


def fresh_view(app: Flask, decorate: Any) -> Flask:
    """Mount ``/guarded/`` behind the decorator."""

    def guarded() -> str:
        return "in"

    app.add_url_rule("/guarded/", "guarded", decorate(guarded))
    return app


def by_kind(request: Any) -> str:
    """A permission that depends on who asks."""
    return "app.a" if request.user.is_staff else "app.c"


@pytest.mark.parametrize(
    ("decorate", "maya", "kofi"),
    [
        (permission_required("app.a"), 200, 403),
        (permission_required(["app.a", "app.b"]), 200, 403),
        (permission_required("app.a", "app.c"), 403, 403),
        (permission_required(["app.a", "app.c"]), 403, 403),
        (permission_required({"app.a"}), 200, 403),
        (permission_required(("app.a", "app.b")), 200, 403),
        (permission_required(lambda request: "app.a"), 200, 403),
        (permission_required(lambda request: ["app.a", "app.c"]), 403, 403),
        (permission_required(by_kind), 403, 403),
        (any_permission_required("app.a", "app.c"), 200, 403),
        (any_permission_required("app.c"), 403, 403),
        (group_required("Editors"), 200, 403),
        (group_required("Editors", "Other"), 403, 403),
        (superuser_required, 403, 403),
        (staff_member_required, 403, 403),
        (PermissionRequired("APP.A"), 403, 403),
        (permission_required(lambda request: "app.*"), 403, 403),
    ],
)
def test_a_view_opens_for_those_who_hold_what_it_asks(
    place: Site, decorate: Any, maya: int, kofi: int
) -> None:
    assert status(place, decorate, "maya").status_code == maya
    with place.app.app_context():
        client = sign_in(place.app, place.user("kofi"))
    assert client.get("/guarded/").status_code == kofi
    visitor = place.app.test_client()
    assert visitor.get("/guarded/").location == "/auth/login/?next=/guarded/"


@pytest.mark.parametrize(
    "answer",
    [None, "", " ", [], (), {}, 0, True, b"app.a", [None], ["app.a", ""], object],
    ids=repr,
)
def test_a_function_that_names_nothing_lets_nobody_in(place: Site, answer: Any) -> None:
    assert status(place, permission_required(lambda request: answer)).status_code == 403


def test_a_function_that_fails_lets_nobody_in(place: Site) -> None:
    def fail(request: Any) -> str:
        raise RuntimeError("no idea")

    assert status(place, permission_required(fail)).status_code == 403


@pytest.mark.parametrize("spec", [None, "", " app.a", [], (), [""], [None], 5, b"app.a"], ids=repr)
def test_a_decorator_without_a_name_is_an_error_at_import(spec: Any) -> None:
    with pytest.raises(ConfigError, match="names no permission"):
        permission_required(spec)


@pytest.mark.parametrize("decorate", [permission_required, any_permission_required])
def test_a_wildcard_is_an_error_at_import_that_says_what_to_do(decorate: Any) -> None:
    with pytest.raises(ConfigError, match=r"'blog\.\*' is no permission.* into a group"):
        decorate("blog.*")


def test_superusers_pass_by_flag_and_by_the_group_of_the_settings(
    make_ready: Callable[..., Site],
) -> None:
    place = make_ready(LBACK_AUTH_SUPERUSER_GROUP="Admins")
    place.add_user("root", is_superuser=True)
    place.add_user("member")
    with place.app.app_context():
        member = place.user("member")
        member.groups.append(place.models.Group(name="Admins"))
        place.db.session.commit()
    assert status(place, permission_required("no.such"), "root").status_code == 200
    with place.app.app_context():
        client = sign_in(place.app, place.user("member"))
    assert client.get("/guarded/").status_code == 200


def test_a_refused_person_is_told_account_and_permission(place: Site) -> None:
    page = status(place, permission_required("app.c"))
    assert page.status_code == 403
    text = errors_of(page.text)
    assert "maya" in text
    assert "app.c" in text


def test_a_program_gets_problem_documents(place: Site) -> None:
    json = {"Accept": "application/json"}
    refused = status(place, permission_required("app.c"), headers=json)
    assert refused.mimetype == "application/problem+json"
    assert refused.json["code"] == "permission_denied"
    assert refused.json["permission"] == "app.c"
    anonymous = place.app.test_client().get("/guarded/", headers=json)
    assert (anonymous.status_code, anonymous.json["code"]) == (401, "not_authenticated")  # type: ignore[index]


def test_class_based_and_async_views_are_guarded(place: Site) -> None:
    @permission_required("app.a")
    class Page(MethodView):
        def get(self) -> str:
            return "page"

    class Other(View):
        decorators = [permission_required("app.c")]  # noqa: RUF012 - as Flask types it

        def dispatch_request(self) -> str:
            return "other"

    @place.app.get("/async/")
    @permission_required("app.a")
    async def asynchronous() -> str:
        return str(current_user.username)

    place.app.add_url_rule("/page/", view_func=Page.as_view("page"))
    place.app.add_url_rule("/other/", view_func=Other.as_view("other"))
    with place.app.app_context():
        maya, kofi = (sign_in(place.app, place.user(name)) for name in ("maya", "kofi"))
    assert [maya.get(path).status_code for path in ("/page/", "/other/", "/async/")] == [
        200,
        403,
        200,
    ]
    assert maya.get("/async/").text == "maya"
    assert [kofi.get(path).status_code for path in ("/page/", "/other/", "/async/")] == [403] * 3


def test_a_view_can_ask_in_its_middle(place: Site) -> None:
    @place.app.get("/middle/<name>/")
    def middle(name: str) -> str:
        require_permission(name)
        return "in"

    with place.app.app_context():
        maya = sign_in(place.app, place.user("maya"))
    assert maya.get("/middle/app.a/").text == "in"
    refused = maya.get("/middle/app.c/")
    assert refused.status_code == 403
    assert "app.c" in errors_of(refused.text)
    assert place.app.test_client().get("/middle/app.a/").status_code == 302


def test_head_and_options_are_no_way_round(place: Site) -> None:
    status(place, permission_required("app.a"))
    anonymous = place.app.test_client()
    assert anonymous.head("/guarded/").status_code == 302


def test_the_three_signals_carry_what_the_readme_says(place: Site) -> None:
    decorator = permission_required("app.a", "app.c")
    with record_signals(*CHECKS) as sent:
        status(place, decorator)
    assert [name for name, _ in sent] == ["permission_check_started", "permission_check_failed"]
    for _, values in sent:
        assert values["sender"] is decorator
        assert values["required_permissions"] == {"app.a", "app.c"}
        assert values["user"].username == "maya"
        assert values["view_func_name"] == "guarded"
        assert values["request"].path == "/guarded/" if values["request"] else True
    assert sent[1][1]["reason"] == "permission_missing"


def test_a_check_that_passes_and_one_of_nobody_are_told(place: Site) -> None:
    with record_signals(*CHECKS) as sent:
        status(place, permission_required("app.a"))
        place.app.test_client().get("/guarded/")
    names = [(name, values.get("reason")) for name, values in sent]
    assert names == [
        ("permission_check_started", None),
        ("permission_check_succeeded", None),
        ("permission_check_started", None),
        ("permission_check_failed", "user_not_authenticated"),
    ]


def test_a_receiver_that_raises_changes_no_decision(place: Site) -> None:
    from flask_lback.signals import dispatcher

    def fail(sender: Any, **values: Any) -> None:
        raise RuntimeError("receiver")

    dispatcher.connect("permission_check_started", fail)
    try:
        assert status(place, permission_required("app.a")).status_code == 200
    finally:
        dispatcher.disconnect("permission_check_started", fail)


def test_methods_of_an_object_and_classes_of_flask_can_be_guarded(place: Site) -> None:
    class Pages:
        def page(self) -> str:
            return "in"

    class Posts(MethodView):
        def get(self) -> str:
            return "in"

    place.app.add_url_rule("/page/", "page", permission_required("app.c")(Pages().page))
    place.app.add_url_rule("/posts/", view_func=permission_required("app.c")(Posts).as_view("p"))
    assert vars(MethodView.dispatch_request) == {}, "nothing is left on Flask's own"
    with place.app.app_context():
        maya = sign_in(place.app, place.user("maya"))
    assert [maya.get(path).status_code for path in ("/page/", "/posts/")] == [403, 403]
