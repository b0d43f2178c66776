"""Who gets to which address of the panel (AD-1, AD-2, RB-1, RB-2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask_admin.base import BaseView, expose

from flask_lback import ConfigError
from flask_lback.admin.access import Guarded, check_handlers
from flask_lback.admin.sites import Site
from flask_lback.core.state import state_of

from .blog import Blog
from .conftest import MakeBlog

#: The permission that opens each handler; any of several.
OPENED_BY = {
    "index_view": {"view"},
    "details_view": {"view"},
    "create_view": {"add"},
    "edit_view": {"change"},
    "delete_view": {"delete"},
    "ajax_lookup": {"add", "change"},
    "export_view": {"export"},
    "import_view": {"add", "change"},
    "update_view": {"change"},
    "history_view": {"view", "change"},
}
#: Whom they are for depends on the account: test_set_password and test_impersonation.
OF_ACCOUNTS = {"password_view", "impersonate_view"}
#: What every account that may enter opens: it shows what each of them may see.
OF_STAFF = {("lback_admin", name) for name in ("index", "search_view", "found_view")}
ACTIONS = ("view", "add", "change", "delete", "export")
#: Read by ``auth.view_auditentry``, and written by nobody.
LOG, READS_LOG = "auth_auditentry", {"index_view", "details_view", "export_view"}
MODELS = {
    "people_user": "people.{}_user",
    "auth_group": "auth.{}_group",
    "auth_permission": "auth.{}_permission",
    "blog_post": "blog.{}_post",
    "blog_comment": "blog.{}_comment",
    "blog_tag": "blog.{}_tag",
    "shop_receipt": "shop.{}_receipt",
}


def addresses(app: Flask) -> Iterator[tuple[str, str, str, str]]:
    """Blueprint, handler, method and path of every address of the panel."""
    for rule in app.url_map.iter_rules():
        blueprint, _, handler = rule.endpoint.partition(".")
        if blueprint.startswith("lback_admin"):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield blueprint, handler, method, rule.rule


def asked(panel: Any, method: str, path: str) -> Any:
    if method == "POST":
        data = {"csrf_token": panel.token, "action": "delete", "rowid": "1", "id": "1"}
        return panel.client.post(path, data=data)
    return panel.get(path + "?id=1&field=author")


@pytest.fixture
def filled(blog: Blog) -> Blog:
    return fill(blog)


@pytest.fixture(scope="module")
def office(shared_blogs: MakeBlog) -> Blog:
    """As ``filled``, with a clerk for each permission, for tests that only look."""
    blog = fill(shared_blogs())
    for text in MODELS.values():
        for action in ACTIONS:
            blog.add_staff(text.format(action).replace(".", "-"), text.format(action))
    return blog


def fill(blog: Blog) -> Blog:
    blog.add_superuser()
    post = blog.add_post("First")
    blog.add_comments(post, 1)
    with blog.app.app_context():
        blog.db.session.add_all([blog.Tag(name="a"), blog.Receipt(number="1", buyer_id=1)])
        blog.db.session.commit()
    blog.add_group("Editors")
    return blog


def test_every_address_of_the_panel_is_known_here(filled: Blog) -> None:
    found = {(blueprint, handler) for blueprint, handler, _, _ in addresses(filled.app)}
    expected = {*OF_STAFF}
    expected |= {
        (f"lback_admin_{model}", handler)
        for model in (*MODELS, LOG)
        for handler in (*OPENED_BY, "action_view")
    }
    assert found == expected | {("lback_admin_people_user", handler) for handler in OF_ACCOUNTS}


def test_a_visitor_is_led_to_the_sign_in_page_from_every_address(filled: Blog) -> None:
    panel = filled.panel(None)
    for _, _, method, path in addresses(filled.app):
        response = asked(panel, method, path)
        if method == "GET":
            assert response.status_code == 302, path
            assert response.location.startswith("/auth/login/?next=/admin/"), path
        else:
            assert response.status_code in (302, 400), path


def test_a_visitor_who_asks_for_json_is_told_401(filled: Blog) -> None:
    response = filled.panel(None).get("/admin/blog/post/", headers={"Accept": "application/json"})
    assert (response.status_code, response.mimetype) == (401, "application/problem+json")


@pytest.mark.parametrize("name", ["member", "switched-off"])
def test_nobody_else_gets_anywhere_whatever_permissions_he_holds(filled: Blog, name: str) -> None:
    every = [text.format(action) for text in MODELS.values() for action in ACTIONS]
    filled.add_user("member", *every)
    filled.add_staff("switched-off", *every, is_active=False)
    panel = filled.panel(name)
    for _, _, method, path in addresses(filled.app):
        assert asked(panel, method, path).status_code in (302, 400, 403), path


def test_staff_without_a_permission_gets_to_the_dashboard_only(filled: Blog) -> None:
    filled.add_staff("new")
    panel = filled.panel("new")
    opened = [
        (blueprint, handler)
        for blueprint, handler, method, path in addresses(filled.app)
        if asked(panel, method, path).status_code != 403
    ]
    assert {*opened} == OF_STAFF
    page = panel.get("/admin/").text
    assert "nothing that it may see" in page
    assert "/admin/blog/post/" not in page


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("model", MODELS)
def test_one_permission_opens_its_handlers_and_no_other(
    office: Blog, model: str, action: str
) -> None:
    panel = office.panel(MODELS[model].format(action).replace(".", "-"))
    opened = {
        (blueprint, handler)
        for blueprint, handler, method, path in addresses(office.app)
        if handler not in ("ajax_lookup", *OF_ACCOUNTS)
        and asked(panel, method, path).status_code != 403
    }
    blueprint = f"lback_admin_{model}"
    expected = {(blueprint, name) for name, words in OPENED_BY.items() if action in words}
    if action == "delete":
        expected.add((blueprint, "action_view"))
    assert opened == (expected - {(blueprint, "ajax_lookup")}) | OF_STAFF


def test_a_superuser_gets_everywhere(filled: Blog) -> None:
    panel = filled.panel("root")
    for blueprint, handler, method, path in addresses(filled.app):
        is_closed = blueprint == f"lback_admin_{LOG}" and handler not in READS_LOG
        if handler in OF_ACCOUNTS:  # the account of this test is his own
            continue
        expected = (403,) if is_closed else (200, 400, 404, 409)
        assert asked(panel, method, path).status_code in expected, path


def test_an_action_is_behind_all_of_its_permissions(filled: Blog) -> None:
    filled.add_staff("clerk", "blog.change_post", "blog.view_post")
    panel = filled.panel("clerk")
    page = panel.get("/admin/blog/post/").text
    assert 'value="publish"' in page
    assert 'value="explode"' not in page
    assert 'value="delete"' not in page
    assert panel.act("/admin/blog/post/", "explode", 1).status_code == 403
    assert panel.act("/admin/blog/post/", "delete", 1).status_code == 403
    assert panel.act("/admin/blog/post/", "no-such-action", 1).status_code == 403
    assert panel.act("/admin/blog/post/", "publish", 1).status_code == 302


def test_a_type_error_in_a_handler_is_shown_as_it_is(filled: Blog) -> None:
    panel = filled.panel("root")
    with pytest.raises(TypeError, match="a fault of the action"):
        panel.act("/admin/blog/post/", "explode", 1)


def test_a_look_up_needs_the_view_permission_of_what_it_finds(filled: Blog) -> None:
    filled.add_staff("clerk", "blog.change_post")
    filled.add_staff("boss", "blog.change_post", "people.view_user")
    path = "/admin/blog/post/lookup/?field=author&q=author"
    assert filled.panel("clerk").get(path).status_code == 403
    found: Any = filled.panel("boss").get(path).json
    assert [row["name"] for row in found["results"]] == ["author-of-first"]


def test_a_revoked_permission_closes_the_page_on_the_next_request(filled: Blog) -> None:
    filled.add_staff("clerk", "blog.view_post")
    panel = filled.panel("clerk")
    assert panel.get("/admin/blog/post/").status_code == 200
    with filled.app.app_context():
        from flask_lback.auth import UserManager

        clerk = UserManager().get_user("clerk")
        filled.lback.permissions.revoke("blog.view_post", clerk)
        filled.db.session.commit()
    assert panel.get("/admin/blog/post/").status_code == 403


def test_the_sidebar_shows_what_the_account_may_see(filled: Blog) -> None:
    filled.add_staff("clerk", "blog.view_post", "shop.change_receipt")
    page = filled.panel("clerk").get("/admin/").text
    assert "/admin/blog/post/" in page
    assert "/admin/shop/receipt/" not in page


def test_a_form_without_its_token_changes_nothing(filled: Blog) -> None:
    panel = filled.panel("root")
    for path in ("new/", "edit/?id=1", "delete/?id=1", "action/"):
        response = panel.client.post(f"/admin/blog/post/{path}", data={"title": "x"})
        assert response.status_code == 400, path


def test_no_file_of_flask_admin_is_served(filled: Blog) -> None:
    for path in ("/admin/static/vendor/jquery.min.js", "/admin/static/admin/js/filters.js"):
        assert filled.panel("root").get(path).status_code == 404


def test_a_view_that_nothing_guards_is_refused(filled: Blog) -> None:
    class Open(BaseView):
        @expose("/")
        def index(self) -> str:
            return "open"

    class Forgetful(Guarded):
        HANDLERS = {"index": ()}  # noqa: RUF012

        @expose("/")
        def index(self) -> str:
            return "ok"

        @expose("/more/")
        def more(self) -> str:
            return "open"

    for view, said in ((Open(), "Open is no guarded view"), (Forgetful(), "Forgetful.more")):
        with pytest.raises(ConfigError, match=said):
            check_handlers([view])
    panel: Any = state_of(filled.app)[Site]._panel
    with pytest.raises(ConfigError, match="no guarded view"):
        panel.add_view(Open())
