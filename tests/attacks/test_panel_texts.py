"""Texts that look like code, in every column of every model of the panel, on every page of it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from flask_lback.admin import ModelAdmin
from flask_lback.admin.sites import Site
from flask_lback.auth import get_models
from flask_lback.core.state import state_of
from tests.admin.blog import Blog, PostAdmin, make_blog
from tests.support.visitor import hidden_fields

from .test_ad_forms import HOSTILE, Reader

POSTS, TAGS = "/admin/blog/post/", "/admin/blog/tag/"
SUM, PRODUCT = "{{7919*7919}}${7919*7919}<%=7919*7919%>", "62710561"
TEXTS = {
    "tags": "".join(HOSTILE) + "--><!--]]><math><mi//xlink:href='data:x,<script>1</script>'>",
    "an address": "javascript:alert(1)//<script>1</script>",
    "a template": f"{SUM}<script>1</script>",
}
#: Columns that nobody writes, or without which nobody is signed in.
KEPT = ("password_hash", "key_hash", "security_stamp", "lback_account_id")


class Readable(PostAdmin):
    """Every kind of place that a text can stand in."""

    list_display = ("title", "slug", "body", "author", "tags", "data", "status")
    list_filter = ("author", "tags", "slug", "title", "status")
    search_fields = ("title", "slug", "body")
    list_editable = ("slug", "body")
    prepopulated_fields = {"slug": ("title",)}  # noqa: RUF012 - as an application writes it
    autocomplete_fields = ("author", "tags")


@pytest.fixture(scope="module", params=TEXTS, ids=list(TEXTS))
def text(request: pytest.FixtureRequest) -> str:
    return TEXTS[request.param]


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory, text: str) -> Iterator[Blog]:
    """The text stands in every column of every table, wherever it came from."""
    folder: Path = tmp_path_factory.mktemp("blog")
    shown = {
        name: type(f"{name}Admin", (ModelAdmin,), {"list_filter": (by,), "search_fields": (by,)})
        for name, by in (("Comment", "text"), ("Tag", "name"), ("Receipt", "number"))
    }
    url = f"sqlite:///{folder}/blog.sqlite"
    made = make_blog(url, admins={"Post": Readable, **shown}, LBACK_ADMIN_TITLE=text)
    for kind in (made.Comment, made.Receipt):
        kind.__str__ = lambda row: str(getattr(row, "text", None) or getattr(row, "number", ""))
    made.add_superuser()
    post = made.add_post("First", author="ada", data={"a": text, text: 1})
    made.add_comments(post, 1, author_id=2)
    made.add_group("Editors", "blog.view_post")
    with made.app.app_context():
        tag = made.Tag(name="tag", posts=[made.one(made.Post, post)])
        made.db.session.add_all([tag, made.Receipt(number="1", buyer_id=2)])
        made.db.session.commit()
    panel = made.panel("root")
    panel.post(f"{TAGS}edit/?id=1", name=text)  # for the log and the dashboard
    panel.get("/auth/account/", headers={"User-Agent": text})
    made.panel("ada").get(POSTS, headers={"User-Agent": text})
    spoil(made, text)
    yield made
    with made.app.app_context():
        made.db.engine.dispose()


def spoil(blog: Blog, text: str) -> None:
    """Write the text into every column that holds one, but for the account that looks."""
    with blog.app.app_context(), blog.db.engine.begin() as connection:
        for model in models_of(blog):
            table: Any = sa.inspect(model).local_table
            columns = {
                column.name: text
                for column in table.columns
                if isinstance(column.type, sa.String) and not isinstance(column.type, sa.Enum)
                if not column.primary_key and column.name not in KEPT
            }
            for (key,) in connection.execute(sa.select(table.c.id)).all():
                if model is blog.User and key == 1:
                    continue
                own = {name: f"{value}{'' if key == 2 else key}" for name, value in columns.items()}
                connection.execute(sa.update(table).where(table.c.id == key).values(own))


def models_of(blog: Blog) -> list[type[Any]]:
    """Every model that the panel shows; the log comes last."""
    found = [view.model for view in state_of(blog.app)[Site]._views.values()]
    assert {blog.User, blog.Post, blog.Tag, get_audit(blog)} < set(found)
    return sorted(found, key=lambda model: model is get_audit(blog))


def get_audit(blog: Blog) -> type[Any]:
    """The model of the log."""
    with blog.app.app_context():
        kind: type[Any] = get_models().AuditEntry
        return kind


def is_harmless(answer: TestResponse) -> bool:
    """Whether a browser would run nothing of it, and no template has."""
    if PRODUCT in answer.text or answer.headers["X-Content-Type-Options"] != "nosniff":
        return False
    if answer.mimetype == "text/html":
        return Reader(answer.text).found == []
    return answer.mimetype in ("application/json", "text/csv", "application/problem+json")


def test_ad_5_no_page_runs_what_stands_in_a_column(blog: Blog, text: str) -> None:
    panel, asked, shown = blog.panel("root"), 0, 0
    for rule in blog.app.url_map.iter_rules():
        if not rule.endpoint.startswith("lback_admin") or "GET" not in (rule.methods or ()):
            continue
        for key in ("1", "2", "4"):
            query = {"id": key, "field": "author", "q": text[:60], "next": text}
            for sent in (query, {"id": key}):
                answer = panel.get(rule.rule, query_string=sent, buffered=True)
                assert answer.status_code in (200, 302, 403, 404), rule.rule
                assert answer.status_code == 302 or is_harmless(answer), (rule.rule, sent)
                asked += 1
                shown += "7919*7919" in answer.text or "alert(1)" in answer.text
    assert asked > 300
    assert shown > 150, "the text is there"


def test_ad_5_nor_what_stands_in_the_address_of_a_list(blog: Blog, text: str) -> None:
    panel = blog.panel("root")
    for site_view in state_of(blog.app)[Site]._views.values():
        path = f"{site_view.url}/"
        keys = [one.key for one in site_view.listing.filters]
        for name in (*keys, "q", "o", "page", "day", "after", "next", "size", text):
            for value in (text[:150], f"1..{text[:60]}"):
                answer = panel.get(path, query_string={name: value})
                assert answer.status_code in (200, 302, 400), (path, name)
                assert answer.status_code == 302 or is_harmless(answer), (path, name)


def test_ad_5_nor_what_somebody_has_typed_wrongly(blog: Blog, text: str) -> None:
    panel = blog.panel("root")
    names = ("title", "slug", "body", "status", "author", "tags", "data", "reads", "published_at")
    wrong = {**dict.fromkeys(names, text), "0-key": "1", "0-body": text, "0-slug": ""}
    accounts = dict.fromkeys(("username", "email", "first_name", "groups", "password1"), text)
    for path, sent in (
        (f"{POSTS}new/", wrong),
        (f"{POSTS}edit/?id=1", wrong),
        (f"{POSTS}cells/", wrong),
        ("/admin/people/user/new/", accounts),
        ("/admin/people/user/edit/?id=2", accounts),
        ("/admin/people/user/password/?id=2", {"new_password": text, "password_confirm": "x"}),
        ("/admin/auth/permission/new/", {"name": text}),
        (f"{POSTS}delete/", {"id": "1", "proof": text, "typed": text}),
    ):
        answer = panel.post(path, **sent)
        assert answer.status_code in (302, 400, 409), path
        assert answer.status_code == 302 or is_harmless(answer), path


def test_ad_5_nor_a_message_nor_the_trial_of_a_file(blog: Blog, text: str) -> None:
    panel = blog.panel("root")
    name = text[:36]  # as long as the column has it
    panel.post(f"{TAGS}new/", name=name)
    page = panel.get(TAGS)
    assert "is added" in page.text
    assert is_harmless(page)
    with blog.app.app_context():
        key = blog.db.session.scalar(sa.select(blog.Tag.id).where(blog.Tag.name == name))
    panel.post(f"{TAGS}edit/?id={key}", name=f"2{name}")
    page = panel.get(TAGS)
    assert "is saved" in page.text
    assert is_harmless(page)
    panel.delete(TAGS, key)
    page = panel.get(TAGS)
    assert "is deleted" in page.text
    assert is_harmless(page)
    for content in (json.dumps([{"name": text, text: 1}]), json.dumps([{"name": f"3{name}"}])):
        data = {"csrf_token": panel.token, "file": (io.BytesIO(content.encode()), f"{text}.json")}
        answer = panel.client.post(f"{TAGS}import/", data=data)
        assert answer.status_code in (200, 302, 400)
        assert answer.status_code == 302 or is_harmless(answer)
    assert hidden_fields(answer.text)["proof"]


def test_ad_5_nor_the_name_of_somebody_whom_one_sees_the_site_as(blog: Blog) -> None:
    panel = blog.panel("root")
    panel.post("/admin/people/user/impersonate/?id=2")
    answer = panel.get("/auth/change-password/")
    assert answer.status_code in (200, 403)
    assert Reader(answer.text).found == []
    assert PRODUCT not in answer.text
    panel.post("/auth/stop-impersonation/")
