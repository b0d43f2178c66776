"""Cells of a list that are changed in place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.admin import ModelAdmin, UserAdmin
from flask_lback.exceptions import ConfigError
from flask_lback.testing import count_queries
from tests.support.visitor import errors_of

from .blog import Blog, PostAdmin, Status
from .conftest import MakeBlog

LIST = "/admin/blog/post/"
CELLS = f"{LIST}cells/"
EDITABLE = ("slug", "status", "is_featured", "reads", "author", "published_at")


class EditablePosts(PostAdmin):
    list_display = ("title", *EDITABLE)
    list_editable: Sequence[str] = EDITABLE
    readonly_fields = ()


@pytest.fixture
def blog(blogs: MakeBlog) -> Blog:
    """Three drafts of ada's: one, two and three."""
    blog = blogs(admins={"Post": EditablePosts})
    blog.add_superuser()
    for title in ("one", "two", "three"):
        blog.add_post(title, author="ada")
    return blog


def cells(page: str) -> dict[str, str]:
    """What a browser without script would send, untouched."""
    fields = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name = re.search(r'name="(c\d+-[^"]+)"', tag)
        if name and ("checkbox" not in tag or " checked" in tag):
            value = re.search(r'value="([^"]*)"', tag)
            fields[name[1]] = unescape(value[1]) if value else ""
    for name, options in re.findall(
        r'<select[^>]*name="(c\d+-[^"]+)"[^>]*>(.*?)</select>', page, re.S
    ):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(
            r'value="([^"]*)"', options
        )
        fields[name] = chosen[1] if chosen else ""
    return fields


def row_of(fields: dict[str, str], key: int) -> str:
    """The prefix of a row's cells."""
    return next(
        name for name, value in fields.items() if name.endswith("-key") and value == str(key)
    )[:-3]


def stored(blog: Blog, key: int, name: str) -> Any:
    with blog.app.app_context():
        return getattr(blog.one(blog.Post, key), name)


def test_cells_are_inputs_of_their_kind_and_the_first_column_stays_a_link(blog: Blog) -> None:
    page = blog.panel("root").get(LIST).text
    assert len(cells(page)) == 3 * (len(EDITABLE) + 2) - 3  # an empty box sends nothing
    table = page.split("<tbody>")[1].split("</tbody>")[0]
    assert table.count('role="switch"') == 3
    assert 'type="datetime-local"' in page
    assert 'aria-label="Status of “one”"' in page
    assert f'href="{LIST}edit/?id=1"' in page


def test_changed_cells_are_saved_and_counted(blog: Blog) -> None:
    panel = blog.panel("root")
    fields = cells(panel.get(LIST).text)
    one, two = row_of(fields, 1), row_of(fields, 2)
    fields |= {f"{one}status": "published", f"{one}is_featured": "y", f"{two}reads": "7"}
    response = panel.post(CELLS, **fields)
    assert response.location == LIST
    assert "3 changes are saved." in panel.get(LIST).text
    assert stored(blog, 1, "status") is Status.published
    assert stored(blog, 1, "is_featured") is True
    assert stored(blog, 2, "reads") == 7
    assert stored(blog, 3, "status") is Status.draft


def test_a_page_that_is_sent_untouched_changes_nothing(blog: Blog) -> None:
    panel = blog.panel("root")
    with blog.app.app_context():
        post = blog.one(blog.Post, 1)
        post.published_at = sa.func.current_timestamp()
        blog.db.session.commit()
    before = stored(blog, 1, "updated_at"), stored(blog, 1, "published_at")
    assert panel.post(CELLS, **cells(panel.get(LIST).text)).status_code == 302
    assert "Nothing was changed." in panel.get(LIST).text
    assert (stored(blog, 1, "updated_at"), stored(blog, 1, "published_at")) == before


def test_one_wrong_cell_keeps_every_row_as_it_was_and_every_input(blog: Blog) -> None:
    panel = blog.panel("root")
    fields = cells(panel.get(LIST).text)
    one, two = row_of(fields, 1), row_of(fields, 2)
    fields |= {f"{one}status": "published", f"{two}reads": "many", f"{two}slug": ""}
    response = panel.post(CELLS, **fields)
    assert response.status_code == 400
    page = response.text
    said = errors_of(page)
    assert "Not saved." in said
    assert "Slug of “two”" in said
    assert "Reads of “two”" in said
    assert 'value="many"' in page
    assert cells(page)[f"{one}status"] == "published"
    assert stored(blog, 1, "status") is Status.draft
    fields = cells(page) | {f"{two}reads": "3", f"{two}slug": "two"}
    assert panel.post(CELLS, **fields).status_code == 302
    assert stored(blog, 1, "status") is Status.published
    assert stored(blog, 2, "reads") == 3


def test_a_rule_of_the_database_is_said_beside_its_row(blog: Blog) -> None:
    panel = blog.panel("root")
    fields = cells(panel.get(LIST).text)
    fields[f"{row_of(fields, 2)}slug"] = "one"
    response = panel.post(CELLS, **fields)
    assert response.status_code == 400
    assert "Another post has this slug." in errors_of(response.text)


def test_two_cells_that_clash_with_each_other_are_refused_together(blog: Blog) -> None:
    panel = blog.panel("root")
    fields = cells(panel.get(LIST).text)
    fields |= {f"{row_of(fields, 1)}slug": "same", f"{row_of(fields, 2)}slug": "same"}
    response = panel.post(CELLS, **fields)
    assert response.status_code == 400
    assert "Not saved." in errors_of(response.text)
    assert [stored(blog, key, "slug") for key in (1, 2)] == ["one", "two"]


def test_what_somebody_else_has_changed_is_told_and_not_written_over(blog: Blog) -> None:
    panel = blog.panel("root")
    fields = cells(panel.get(LIST).text)
    one, two = row_of(fields, 1), row_of(fields, 2)
    with blog.app.app_context():
        blog.one(blog.Post, 1).reads = 50
        blog.one(blog.Post, 2).reads = 60
        blog.db.session.commit()
    fields[f"{one}reads"] = "9"
    response = panel.post(CELLS, **fields)
    assert response.status_code in (400, 409)
    assert "Changed meanwhile to" in errors_of(response.text)
    assert "50" in errors_of(response.text)
    assert stored(blog, 1, "reads") == 50
    again = cells(response.text)
    assert again[f"{one}reads"] == "9"
    assert again[f"{two}reads"] == "60"
    assert panel.post(CELLS, **again).status_code == 302
    assert (stored(blog, 1, "reads"), stored(blog, 2, "reads")) == (9, 60)


def test_a_cell_that_others_changed_and_i_did_not_is_left_alone(blog: Blog) -> None:
    panel = blog.panel("root")
    fields = cells(panel.get(LIST).text)
    with blog.app.app_context():
        blog.one(blog.Post, 1).reads = 50
        blog.db.session.commit()
    fields[f"{row_of(fields, 1)}status"] = "hidden"
    assert panel.post(CELLS, **fields).status_code == 302
    assert stored(blog, 1, "reads") == 50
    assert stored(blog, 1, "status") is Status.hidden


def test_a_row_that_is_gone_is_told(blog: Blog) -> None:
    panel = blog.panel("root")
    fields = cells(panel.get(LIST).text)
    with blog.app.app_context():
        blog.db.session.delete(blog.one(blog.Post, 1))
        blog.db.session.commit()
    fields |= {f"{row_of(fields, 1)}status": "hidden", f"{row_of(fields, 2)}status": "hidden"}
    response = panel.post(CELLS, **fields)
    assert response.status_code == 409
    assert "gone" in errors_of(response.text)
    assert stored(blog, 2, "status") is Status.draft


def test_cells_need_the_permission_to_change(blog: Blog) -> None:
    blog.add_staff("reader", "blog.view_post", "blog.add_post", "blog.delete_post")
    reader = blog.panel("reader")
    page = reader.get(LIST).text
    assert cells(page) == {}
    assert 'id="cells"' not in page
    fields = cells(blog.panel("root").get(LIST).text)
    fields[f"{row_of(fields, 1)}status"] = "hidden"
    assert reader.post(CELLS, **fields).status_code == 403
    assert blog.panel("root").get(CELLS).status_code == 405
    assert stored(blog, 1, "status") is Status.draft


def test_rows_out_of_reach_are_printed_and_never_written(blogs: MakeBlog) -> None:
    class Own(EditablePosts):
        def get_query(self, request: Any, statement: Any, action: str) -> Any:
            if action == "view" or request.user.is_superuser:
                return statement
            return statement.where(self.model.author_id == request.user.id)

    blog = blogs(admins={"Post": Own})
    blog.add_superuser()
    blog.add_staff("ada", "blog.view_post", "blog.change_post", "people.view_user")
    blog.add_post("mine", author="ada")
    blog.add_post("hers", author="eve")
    ada = blog.panel("ada")
    fields = cells(ada.get(LIST).text)
    assert [value for name, value in fields.items() if name.endswith("-key")] == ["1"]
    every = cells(blog.panel("root").get(LIST).text)
    every |= {f"{row_of(every, 2)}status": "hidden"}
    assert ada.post(CELLS, **every).status_code == 409
    assert stored(blog, 2, "status") is Status.draft


def test_what_the_cells_do_not_name_cannot_be_written(blogs: MakeBlog) -> None:
    class Narrow(EditablePosts):
        list_editable = ("status", "reads")

        def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
            return ("reads",)

    blog = blogs(admins={"Post": Narrow})
    blog.add_superuser()
    blog.add_post("one", author="ada")
    panel = blog.panel("root")
    fields = cells(panel.get(LIST).text)
    assert "c0-reads" not in fields
    seen = fields["c0-seen"]
    forged = {"c0-reads": "9", "c0-title": "Taken", "c0-preview_token": "x", "c0-status": "hidden"}
    forged["c0-seen"] = f"{seen} reads=000000000000 title=000000000000 preview_token=000000000000"
    panel.post(CELLS, **{**fields, **forged})
    assert stored(blog, 1, "status") is Status.hidden
    assert stored(blog, 1, "reads") == 0
    assert stored(blog, 1, "title") == "one"
    assert stored(blog, 1, "preview_token") is None


def test_an_account_follows_its_own_rules(blogs: MakeBlog) -> None:
    class Users(UserAdmin):
        list_display = ("username", "email", "is_active", "is_superuser")
        list_editable = ("email", "is_active", "is_superuser")

    def declare(blog: Blog) -> None:
        blog.lback.admin.register(blog.User, Users)

    blog = blogs(prepared=declare)
    root = blog.add_superuser()
    ada = blog.add_user("ada")
    blog.add_staff("clerk", "people.view_user", "people.change_user")
    path = "/admin/people/user/"
    panel = blog.panel("root")
    fields = cells(panel.get(path).text)
    fields[f"{row_of(fields, ada)}email"] = "root@example.org"
    taken = panel.post(f"{path}cells/", **fields)
    assert taken.status_code == 400
    assert "has this" in errors_of(taken.text)
    fields = cells(panel.get(path).text)
    fields.pop(f"{row_of(fields, root)}is_superuser")
    last = panel.post(f"{path}cells/", **fields)
    assert "This is the last superuser." in errors_of(last.text)
    clerk = blog.panel("clerk")
    fields = cells(clerk.get(path).text)
    assert not any(name.endswith("is_superuser") for name in fields)
    prefix = row_of(fields, ada)
    fields[f"{prefix}is_superuser"] = "y"
    fields[f"{prefix}seen"] += " is_superuser=000000000000"
    clerk.post(f"{path}cells/", **fields)
    with blog.app.app_context():
        assert blog.one(blog.User, ada).is_superuser is False


def test_the_query_of_the_list_is_kept(blog: Blog) -> None:
    panel = blog.panel("root")
    page = panel.get(f"{LIST}?status=draft&o=-title").text
    action = re.search(r'id="cells" method="post" action="([^"]+)"', page)
    assert action is not None
    fields = cells(page)
    fields[f"{row_of(fields, 1)}reads"] = "x"
    refused = panel.post(unescape(action[1]), **fields)
    assert refused.text.index(">two</a>") < refused.text.index(">one</a>")
    assert "Status: <b>Draft</b>" in refused.text


def test_relations_of_many_rows_are_offered_with_one_statement(blog: Blog) -> None:
    panel = blog.panel("root")
    costs = []
    for number in (0, 5):
        for n in range(number):
            blog.add_post(f"more {n}")
        panel.get(LIST)
        with count_queries(blog.app) as statements:
            panel.get(LIST)
        costs.append(len(statements))
    assert costs[0] == costs[1]


def test_sending_many_rows_costs_no_statement_for_each(blog: Blog) -> None:
    panel = blog.panel("root")
    costs = []
    for number in (0, 5):
        for n in range(number):
            blog.add_post(f"more {n}")
        fields = cells(panel.get(LIST).text)
        panel.post(CELLS)
        with count_queries(blog.app) as statements:
            assert panel.post(CELLS, **fields).status_code == 302
        costs.append(len(statements))
    assert costs[0] == costs[1]


def test_a_relation_to_many_records_is_looked_up_in_its_cell(blog: Blog) -> None:
    panel = blog.panel("root")
    assert "data-lookup" not in panel.get(LIST).text
    for n in range(31):
        blog.add_user(f"writer{n}")
    page = panel.get(LIST).text
    assert page.count("data-lookup=") == 3
    assert "writer7" not in page.split("<tbody>")[1].split("</tbody>")[0]
    fields = cells(page)
    with blog.app.app_context():
        writer = blog.db.session.scalar(sa.select(blog.User.id).filter_by(username="writer7"))
    fields[f"{row_of(fields, 1)}author"] = str(writer)
    assert panel.post(CELLS, **fields).status_code == 302
    assert stored(blog, 1, "author_id") == writer


def test_a_hook_that_forbids_a_record_closes_its_cells(blogs: MakeBlog) -> None:
    class Careful(EditablePosts):
        def has_change_permission(self, request: Any, obj: Any = None) -> bool:
            return obj is None or obj.title != "locked"

    blog = blogs(admins={"Post": Careful})
    blog.add_superuser()
    blog.add_post("locked", author="ada")
    blog.add_post("free", author="ada")
    panel = blog.panel("root")
    fields = cells(panel.get(LIST).text)
    assert [value for name, value in fields.items() if name.endswith("-key")] == ["2"]
    forged = {name: "1" if name.endswith("-key") else value for name, value in fields.items()}
    assert panel.post(CELLS, **{**forged, "c0-reads": "9"}).status_code == 409
    assert stored(blog, 1, "reads") == 0


def test_cells_are_not_written_without_the_token_of_the_page(blog: Blog) -> None:
    panel = blog.panel("root")
    fields = cells(panel.get(LIST).text)
    fields[f"{row_of(fields, 1)}status"] = "hidden"
    for token in ({}, {"csrf_token": "x"}):
        refused = panel.client.post(CELLS, data={**fields, **token})
        assert refused.status_code in (400, 403)
    assert stored(blog, 1, "status") is Status.draft


def test_hostile_cells_are_refused_and_inert(blog: Blog) -> None:
    panel = blog.panel("root")
    fields = cells(panel.get(LIST).text)
    one = row_of(fields, 1)
    hostile = {f"{one}slug": '"><script>alert(1)</script>', f"{one}reads": "x"}
    page = panel.post(CELLS, **{**fields, **hostile})
    assert page.status_code == 400
    assert "<script>alert" not in page.text
    for forged in (
        {f"{one}status": "no-such"},
        {f"{one}author": "999"},
        {f"{one}reads": "9" * 200},
        {f"{one}slug": "\x00"},
        {f"{one}published_at": "0000-99-99"},
    ):
        assert panel.post(CELLS, **{**fields, **forged}).status_code == 400, forged
    assert panel.post(CELLS, **{f"c{n}-key": "1" for n in range(900)}).status_code == 302
    assert panel.post(CELLS, **{"c0-key": "x" * 5_000, "c0-seen": "=" * 5_000}).status_code == 302
    assert stored(blog, 1, "slug") == "one"


@pytest.mark.parametrize(
    ("editable", "message"),
    [
        (("title",), "leads to the record"),
        (("body",), "not in list_display"),
        (("tags",), "no field for a cell"),
        (("author.location",), "another record"),
        (("no_such",), "has not"),
        (("preview_token",), "secret"),
        (("reads",), "no form can write"),
        ("status", "must be a tuple"),
    ],
)
def test_columns_that_cannot_be_cells_are_refused_at_start(
    blogs: MakeBlog, editable: Any, message: str
) -> None:
    class Wrong(ModelAdmin):
        list_display = ("title", "status", "tags", "author.location", "reads")
        list_editable = editable
        readonly_fields = ("reads",)

    with pytest.raises(ConfigError, match=message):
        blogs(admins={"Post": Wrong})
