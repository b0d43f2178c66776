"""Find pages and records of every model."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from flask_lback.admin import ModelAdmin
from flask_lback.admin.overview.search import MOST_FOUND, MOST_MODELS
from flask_lback.testing import count_queries
from tests.support.visitor import errors_of

from .blog import Blog, PostAdmin, Status
from .conftest import MakeBlog

PAGE, RECORDS = "/admin/search/", "/admin/search/records/"
POSTS = "/admin/blog/post/"


class TagAdmin(ModelAdmin):
    search_fields = ("name",)


class OwnPosts(PostAdmin):
    """Staff reach what they wrote."""

    def get_query(self, request: Any, statement: sa.Select[Any], action: str) -> sa.Select[Any]:
        if request.user.is_superuser:
            return statement
        return statement.where(self.model.author_id == request.user.id)


class Choosy(ModelAdmin):
    search_fields = ("name",)

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return obj is None or obj.name != "sea of secrets"


@pytest.fixture
def library(blogs: MakeBlog) -> Blog:
    """Two posts and a tag of the sea, and people who may see some of it."""
    blog = blogs(admins={"Tag": TagAdmin})
    blog.add_superuser()
    blog.add_staff("reader", "blog.view_post")
    blog.add_staff("editor", "blog.view_post", "blog.change_post", "blog.add_post")
    blog.add_staff("nobody")
    blog.add_post("By the sea", author="ada")
    blog.add_post("Letters", author="ada", body="from the Sea")
    add_tags(blog, "sea")
    return blog


def add_tags(blog: Blog, *names: str) -> None:
    with blog.app.app_context():
        blog.db.session.add_all(blog.Tag(name=name) for name in names)
        blog.db.session.commit()


def found(blog: Blog, name: str | None, question: str) -> dict[str, list[str]]:
    """The names of what the script is told, by the heading of the model."""
    return {
        group["title"]: [hit["name"] for hit in group["hits"]]
        for group in asked(blog, name, question)["groups"]
    }


def asked(blog: Blog, name: str | None, question: str) -> Any:
    """What the script is told."""
    return blog.panel(name).get(RECORDS, query_string={"q": question}).json


def page(blog: Blog, name: str, question: str) -> str:
    response = blog.panel(name).get(PAGE, query_string={"q": question})
    assert response.status_code == 200
    return response.text


def main(html: str) -> str:
    """The words of a page without its frame, which names every page."""
    return errors_of(html[html.index("<main") : html.index("</main>")])


def test_records_of_every_model_are_found(library: Blog) -> None:
    assert found(library, "root", "SEA") == {"Posts": ["By the sea", "Letters"], "Tags": ["sea"]}
    assert found(library, "root", "letters sea") == {"Posts": ["Letters"]}
    assert found(library, "root", "no such thing") == {}


def test_only_models_that_the_person_may_view_are_looked_through(library: Blog) -> None:
    assert found(library, "reader", "sea") == {"Posts": ["By the sea", "Letters"]}
    assert found(library, "reader", "ada") == {"Posts": ["By the sea", "Letters"]}
    assert found(library, "nobody", "sea") == {}


def test_rows_out_of_reach_are_not_found(blogs: MakeBlog) -> None:
    blog = blogs(admins={"Post": OwnPosts, "Tag": Choosy})
    blog.add_staff("ada", "blog.view_post", "blog.view_tag")
    blog.add_post("My sea", author="ada")
    blog.add_post("Your sea", author="ben")
    add_tags(blog, "sea", "sea of secrets")
    assert found(blog, "ada", "sea") == {"Posts": ["My sea"], "Tags": ["sea"]}


@pytest.mark.parametrize("address", [PAGE, RECORDS])
def test_strangers_and_members_find_nothing(library: Blog, address: str) -> None:
    library.add_user("member", "blog.view_post")
    assert library.panel(None).get(f"{address}?q=sea").status_code in (302, 401)
    assert library.panel("member").get(f"{address}?q=sea").status_code == 403


def test_a_record_leads_to_what_the_person_may_do_with_it(library: Blog) -> None:
    for name, target in (("reader", "details"), ("editor", "edit")):
        answer = asked(library, name, "letters")
        [hit] = answer["groups"][0]["hits"]
        assert hit["url"] == f"{POSTS}{target}/?id=2"
        assert library.panel(name).get(hit["url"]).status_code == 200


def test_many_are_cut_and_the_rest_is_in_the_list(library: Blog) -> None:
    for n in range(MOST_FOUND):
        library.add_post(f"Sea {n}", author="ada")
    answer = asked(library, "reader", "sea")
    [group] = answer["groups"]
    assert len(group["hits"]) == MOST_FOUND
    assert group["more"] == f"{POSTS}?q=sea"
    html = page(library, "reader", "sea")
    assert "All posts with “sea”" in errors_of(html)
    listed = library.panel("reader").get(group["more"]).text
    assert f"{MOST_FOUND + 2} of {MOST_FOUND + 2}" in errors_of(listed)


def test_the_page_finds_pages_too_and_works_without_script(library: Blog) -> None:
    html = main(page(library, "editor", "post"))
    assert "Posts Blog" in html
    assert "Add post Blog" in html
    html = main(page(library, "reader", "post"))
    assert "Posts Blog" in html
    assert "Add post" not in html
    html = main(page(library, "root", "sea"))
    for name in ("By the sea", "Letters", "Tags sea"):
        assert name in html


def test_the_page_says_what_is_missing(library: Blog) -> None:
    assert "Nothing with “zeppelin”" in main(page(library, "root", "zeppelin"))
    assert "Type 2 characters or more" in main(page(library, "root", "z"))
    assert "Nothing with" not in main(page(library, "root", ""))


def test_one_letter_looks_through_no_records(library: Blog) -> None:
    assert found(library, "root", "s") == {}
    with count_queries(library.app) as statements:
        found(library, "root", " s ")
    assert not any("FROM post" in one for one in statements)


def test_odd_questions_are_answered(library: Blog) -> None:
    for question in ("\x00\x00", "%%", "__", "'; DROP TABLE post; --", "s" * 5000, "<b>sea</b>"):
        assert found(library, "root", question) == {}
    html = page(library, "root", "<b>sea</b>")
    assert "<b>sea" not in html
    assert "&lt;b&gt;sea" in html


def test_the_bar_of_every_page_has_what_the_palette_shows(library: Blog) -> None:
    html = library.panel("reader").get(POSTS).text
    palette = html[html.index("<dialog") : html.index("</dialog>")]
    told = dict(re.findall(r'role="option"[^>]*href="([^"]+)".*?data-words="([^"]+)"', palette))
    assert told["/admin/"].startswith("dashboard")
    assert told[POSTS] == "posts blog"
    assert told["/auth/account/"].startswith("your account")
    assert told["/"].startswith("view site")
    assert not any("tag" in words or "/new/" in url for url, words in told.items())
    assert f"{POSTS}new/" in library.panel("editor").get(POSTS).text
    assert f'class="find" href="{PAGE}"' in unescape(html)


def test_every_page_of_the_palette_is_there(library: Blog) -> None:
    panel = library.panel("root")
    for root in ("", "/mounted"):
        html = panel.get("/admin/", environ_overrides={"SCRIPT_NAME": root}).text
        palette = html[html.index("<dialog") : html.index("</dialog>")]
        urls = re.findall(r'role="option"[^>]*href="([^"]+)"', palette)
        assert len(urls) > 10
        for url in urls:
            assert url.startswith(f"{root}/")
            if url != f"{root}/":  # this application has no page of its own
                assert panel.get(url.removeprefix(root)).status_code == 200, url


def test_it_costs_one_statement_for_each_model(library: Blog) -> None:
    panel = library.panel("root")
    panel.get(f"{RECORDS}?q=sea")
    searched = 5  # posts, tags, users, groups, permissions; the log is not
    with count_queries(library.app) as statements:
        panel.get(f"{RECORDS}?q=sea")
    assert len(statements) == 1 + searched, statements
    with count_queries(library.app) as statements:
        panel.get(f"{PAGE}?q=sea")
    assert len(statements) == 1 + searched + 1, statements


def test_more_models_than_the_most_are_named_and_not_looked_through(blogs: MakeBlog) -> None:
    def more(blog: Blog) -> None:
        base: Any = blog.db.Model
        for n in range(MOST_MODELS):
            name = f"Island{n}"
            columns = {
                "__tablename__": name.lower(),
                "__lback_app__": "map",
                "__annotations__": {"id": Mapped[int], "name": Mapped[str]},
                "id": mapped_column(primary_key=True),
                "name": mapped_column(sa.String(20)),
            }
            blog.lback.admin.register(type(name, (base,), columns), TagAdmin)

    blog = blogs(prepared=more, admins={"Post": PostAdmin})
    blog.add_superuser()
    blog.add_post("By the sea", status=Status.published)
    panel = blog.panel("root")
    answer: Any = panel.get(f"{RECORDS}?q=sea").json
    with count_queries(blog.app) as statements:
        panel.get(f"{RECORDS}?q=sea")
    assert len(statements) == 1 + MOST_MODELS
    left = {one["title"]: one["url"] for one in answer["left_out"]}
    assert left["Posts"] == f"{POSTS}?q=sea"
    html = page(blog, "root", "sea")
    assert "Not looked through:" in errors_of(html)
    assert f'href="{POSTS}?q=sea"' in html
