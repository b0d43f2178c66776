"""Adding and changing records; what no request can write."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from werkzeug.datastructures import MultiDict

from flask_lback.admin import ModelAdmin
from tests.support.visitor import errors_of

from .blog import Blog, Status
from .conftest import MakeBlog

PATH = "/admin/blog/post/"
GOOD = {
    "title": "Letters",
    "slug": "letters",
    "body": "From the night train",
    "status": "published",
    "author": "1",
}


@pytest.fixture
def desk(blog: Blog) -> Blog:
    return prepare(blog)


@pytest.fixture(scope="module")
def still(shared_blogs: MakeBlog) -> Blog:
    """As ``desk``, with a post, for tests that write nothing."""
    blog = prepare(shared_blogs())
    blog.add_post("Taken", author="root", slug="taken")
    return blog


def prepare(blog: Blog) -> Blog:
    blog.add_superuser()
    with blog.app.app_context():
        blog.db.session.add_all([blog.Tag(name="sea"), blog.Tag(name="train")])
        blog.db.session.commit()
    return blog


def test_a_record_is_added_with_its_relations(desk: Blog) -> None:
    panel = desk.panel("root")
    response = panel.post(f"{PATH}new/", **GOOD, tags=["1", "2"], is_featured="y")
    assert (response.status_code, response.location) == (302, PATH)
    with desk.app.app_context():
        post = desk.db.session.scalar(sa.select(desk.Post))
        assert (post.title, post.status, post.is_featured) == ("Letters", Status.published, True)
        assert [tag.name for tag in post.tags] == ["sea", "train"]
        assert post.author.username == "root"
    assert "Letters is added." in panel.get(PATH).text


def test_a_record_is_changed_and_the_button_says_where_one_lands(desk: Blog) -> None:
    key = desk.add_post("Old", author="root")
    panel = desk.panel("root")
    path = f"{PATH}edit/?id={key}"
    stay = panel.post(path, **GOOD, _stay="1")
    assert stay.location == f"{PATH}edit/?id={key}"
    assert panel.post(path, **GOOD, _another="1").location == f"{PATH}new/"
    assert panel.post(path, **GOOD, next=f"{PATH}?page=2").location == f"{PATH}?page=2"
    assert panel.post(path, **GOOD, next="https://evil.example/").location == PATH
    with desk.app.app_context():
        post = desk.one(desk.Post, key)
        assert (post.title, post.tags) == ("Letters", [])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"title": ""}, "Fill this in."),
        ({"title": "   "}, "Fill this in."),
        ({"title": "x" * 201}, "Use at most 200 characters."),
        ({"title": "a\x00b"}, "This holds a character that cannot be stored."),
        ({"slug": "taken"}, "Another post has this slug."),
        ({"author": ""}, "Choose one."),
        ({"author": "999"}, "One of these is gone. Choose again."),
        ({"author": "x"}, "One of these is gone. Choose again."),
        ({"tags": ["1", "77"]}, "One of these is gone. Choose again."),
        ({"status": "no-such"}, "Choose one."),
        ({"published_at": "yesterday"}, "Not a valid datetime value."),
        ({"data": "{"}, "This is not JSON."),
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_written(
    still: Blog, changed: dict[str, Any], said: str
) -> None:
    response = still.panel("root").post(f"{PATH}new/", **{**GOOD, **changed})
    assert response.status_code == 400
    page = errors_of(response.text)
    assert said in page
    assert "Not saved." in page
    assert "From the night train" in page
    assert still.count(still.Post) == 1


def test_read_only_secret_and_unknown_fields_of_a_forged_request_are_ignored(desk: Blog) -> None:
    key = desk.add_post("Old", author="root", reads=5, preview_token="t0ken")
    forged = {"reads": "99", "preview_token": "x", "id": "7", "author_id": "7", "created_at": ""}
    response = desk.panel("root").post(f"{PATH}edit/?id={key}", **GOOD, **forged)
    assert response.status_code == 302
    with desk.app.app_context():
        post = desk.one(desk.Post, key)
        assert (post.id, post.reads, post.preview_token) == (key, 5, "t0ken")
        assert post.created_at is not None


def test_a_secret_is_on_no_page(desk: Blog) -> None:
    key = desk.add_post("Old", author="root", preview_token="t0ken-t0ken")
    with desk.app.app_context():
        password_hash = desk.one(desk.User, 1).password_hash
    panel = desk.panel("root")
    for path in ("", "new/", f"edit/?id={key}", f"details/?id={key}", "?q=t0ken"):
        page = panel.get(PATH + path).text.replace("?q=t0ken", "").replace('value="t0ken"', "")
        assert "t0ken-t0ken" not in page
    for path in ("", "edit/?id=1", "details/?id=1"):
        assert password_hash not in panel.get(f"/admin/people/user/{path}").text


def test_fields_and_exclude_say_what_a_form_has(blogs: MakeBlog) -> None:
    class Narrow(ModelAdmin):
        fields = ("title", ("slug", "author"))

    class Without(ModelAdmin):
        exclude = ("body", "data")

    blog = blogs(admins={"Post": Narrow})
    blog.add_superuser()
    key = blog.add_post("Old", author="root")
    panel = blog.panel("root")
    page = panel.get(f"{PATH}edit/?id={key}").text
    assert 'name="slug"' in page
    assert 'name="body"' not in page
    panel.post(f"{PATH}edit/?id={key}", title="New", slug="new", author="1", body="forged")
    with blog.app.app_context():
        post = blog.one(blog.Post, key)
        assert (post.title, post.body) == ("New", "Text")
    other = blogs(admins={"Post": Without})
    other.add_superuser()
    assert 'name="body"' not in other.panel("root").get(f"{PATH}new/").text


def test_columns_may_be_called_like_the_parts_of_a_form(desk: Blog) -> None:
    key = desk.add_post("Old", author="root", data={"a": 1})
    panel = desk.panel("root")
    assert "&#34;a&#34;: 1" in panel.get(f"{PATH}edit/?id={key}").text
    panel.post(f"{PATH}edit/?id={key}", **GOOD, data='{"b": [2]}')
    with desk.app.app_context():
        assert desk.one(desk.Post, key).data == {"b": [2]}


def test_saving_a_moment_unchanged_keeps_its_seconds(desk: Blog) -> None:
    moment = dt.datetime(2026, 5, 4, 3, 2, 1, tzinfo=dt.UTC)
    key = desk.add_post("Old", author="root", published_at=moment)
    panel = desk.panel("root")
    assert 'value="2026-05-04T03:02"' in panel.get(f"{PATH}edit/?id={key}").text
    panel.post(f"{PATH}edit/?id={key}", **GOOD, published_at="2026-05-04T03:02")
    with desk.app.app_context():
        assert desk.one(desk.Post, key).published_at == moment
    panel.post(f"{PATH}edit/?id={key}", **GOOD, published_at="2026-05-04T04:05")
    with desk.app.app_context():
        assert desk.one(desk.Post, key).published_at == moment.replace(hour=4, minute=5, second=0)
    panel.post(f"{PATH}edit/?id={key}", **GOOD, published_at="")
    with desk.app.app_context():
        assert desk.one(desk.Post, key).published_at is None


@pytest.mark.parametrize("key", ["", "999", "x", "1.5", "-1", "1,2", "\x00", "9" * 600])
def test_a_record_that_is_not_there_is_not_found(still: Blog, key: str) -> None:
    panel = still.panel("root")
    for page in ("edit", "details", "delete"):
        assert panel.get(f"{PATH}{page}/", query_string={"id": key}).status_code == 404


def test_records_of_a_model_that_one_may_not_view_are_neither_offered_nor_changed(
    desk: Blog,
) -> None:
    key = desk.add_post("Old", author="root")
    desk.add_user("ada")
    desk.add_staff("clerk", "blog.change_post", "blog.add_post")
    panel = desk.panel("clerk")
    page = panel.get(f"{PATH}edit/?id={key}").text
    assert "ada" not in page
    assert "You may not see these, so you cannot choose" in page
    changed = panel.post(f"{PATH}edit/?id={key}", **{**GOOD, "author": "2"}, tags=["1"])
    assert changed.status_code == 302
    with desk.app.app_context():
        post = desk.one(desk.Post, key)
        assert (post.title, post.author_id, post.tags) == ("Letters", 1, [])
    added = panel.post(f"{PATH}new/", **{**GOOD, "slug": "other"})
    assert added.status_code == 400
    assert "You may not see these, so you cannot choose one." in errors_of(added.text)


def test_a_large_relation_is_looked_up_and_not_listed(blogs: MakeBlog) -> None:
    blog = blogs(LBACK_ADMIN_CHOICE_LIMIT=10)
    blog.add_superuser()
    for n in range(12):
        blog.add_user(f"person{n}")
    key = blog.add_post("Old", author="person3")
    panel = blog.panel("root")
    page = panel.get(f"{PATH}edit/?id={key}").text
    assert "data-lookup=" in page
    assert "person3" in page
    assert "person4" not in page
    found: Any = panel.get(f"{PATH}lookup/?field=author&q=PERSON1").json
    assert [row["name"] for row in found["results"]] == ["person1", "person10", "person11"]
    for query in ("field=title&q=x", "field=no&q=x", "q=x"):
        assert panel.get(f"{PATH}lookup/?{query}").status_code == 404
    panel.post(f"{PATH}edit/?id={key}", **{**GOOD, "author": found["results"][2]["key"]})
    with blog.app.app_context():
        assert blog.one(blog.Post, key).author.username == "person11"


def test_a_look_up_answers_with_twenty_rows_at_most(blogs: MakeBlog) -> None:
    blog = blogs()
    blog.add_superuser()
    with blog.app.app_context():
        blog.db.session.add_all(blog.Tag(name=f"tag {n}") for n in range(50))
        blog.db.session.commit()
    path = f"{PATH}lookup/?field=tags&q=tag&limit=1000&offset=-1"
    found: Any = blog.panel("root").get(path).json
    assert len(found["results"]) == 20


def test_too_many_keys_for_a_relation_are_refused(desk: Blog) -> None:
    panel = desk.panel("root")
    data = MultiDict({"csrf_token": panel.token, **GOOD})
    data.setlist("tags", [str(n) for n in range(5_001)])
    response = panel.client.post(f"{PATH}new/", data=data)
    assert response.status_code in (400, 413)
    assert desk.count(desk.Post) == 0


def test_a_database_that_fails_is_told_in_general_words(
    desk: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> None:
        raise OperationalError("INSERT INTO secret_table", {}, Exception("disk on fire"))

    panel = desk.panel("root")
    token = panel.token
    sa.event.listen(desk.Post, "before_insert", fail)
    response = panel.client.post(f"{PATH}new/", data={"csrf_token": token, **GOOD})
    assert response.status_code == 400
    page = errors_of(response.text)
    assert "The database did not answer. Nothing is lost: try again." in page
    assert "secret_table" not in page
    assert "disk on fire" not in page
    assert "From the night train" in page
    assert desk.count(desk.Post) == 0


def test_django_hooks_are_called(blogs: MakeBlog) -> None:
    seen: list[tuple[str, str, bool | str]] = []

    class Hooked(ModelAdmin):
        def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
            return ("slug",) if obj is not None else ()

        def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
            seen.append((request.method, obj.title, change))
            super().save_model(request, obj, form, change)

        def delete_model(self, request: Any, obj: Any) -> None:
            seen.append((request.method, obj.title, "gone"))
            super().delete_model(request, obj)

    blog = blogs(admins={"Post": Hooked})
    blog.add_superuser()
    panel = blog.panel("root")
    panel.post(f"{PATH}new/", **GOOD)
    panel.post(f"{PATH}edit/?id=1", **{**GOOD, "title": "Again", "slug": "forged"})
    with blog.app.app_context():
        assert blog.one(blog.Post, 1).slug == "letters"
    panel.delete(PATH, 1)
    assert seen == [("POST", "Letters", False), ("POST", "Again", True), ("POST", "Again", "gone")]


def test_a_page_to_read_has_no_form(desk: Blog) -> None:
    key = desk.add_post("Old", author="root")
    desk.add_staff("reader", "blog.view_post")
    panel = desk.panel("reader")
    page = panel.get(f"{PATH}details/?id={key}").text
    assert "You may read it, not change it." in page
    assert 'name="title"' not in page
    assert f"{PATH}details/?id={key}" in panel.get(PATH).text
    assert f"{PATH}edit/" not in panel.get(PATH).text


def test_after_adding_one_who_may_not_view_lands_on_the_dashboard(desk: Blog) -> None:
    desk.add_staff("writer", "blog.add_tag")
    panel = desk.panel("writer")
    assert panel.post("/admin/blog/tag/new/", name="new").location == "/admin/"


def test_facts_of_the_options_and_of_the_panel_are_one_card(blogs: MakeBlog) -> None:
    class Own(ModelAdmin):
        fieldsets = (
            (None, {"fields": ("title",)}),
            ("Facts", {"fields": ("reads",), "classes": ("side",)}),
        )
        readonly_fields = ("reads",)

    blog = blogs(admins={"Post": Own})
    blog.add_superuser()
    key = blog.add_post("Old", author="root", reads=1_234)
    page = blog.panel("root").get(f"{PATH}edit/?id={key}").text
    assert page.count(">Facts</h2>") == 1
    assert "1,234" in page
    assert "Created" in page


@pytest.mark.parametrize("digits", [20, 400, 5_000])
def test_a_number_of_any_length_is_answered_beside_its_field(blogs: MakeBlog, digits: int) -> None:
    blog = blogs(admins={"Post": ModelAdmin})
    blog.add_superuser()
    author = blog.add_user("ada")
    form = {"title": "Long", "slug": "long", "body": "x", "author": str(author)}
    sent = {**form, "status": "draft", "reads": "9" * digits}
    answer = blog.panel("root").post("/admin/blog/post/new/", **sent)
    assert answer.status_code == 400
    wrong = re.findall(r'<input[^>]+aria-invalid="true"[^>]*>', answer.text)
    assert ["f-reads" in one for one in wrong] == [True]
    assert blog.count(blog.Post) == 0
