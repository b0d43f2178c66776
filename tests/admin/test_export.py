"""Exports: what is in the file, who gets it, and what it costs."""

from __future__ import annotations

import csv
import datetime as dt
import importlib.util
import io
import json
import subprocess
import sys
import zipfile
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.test import TestResponse

from flask_lback import ConfigError
from flask_lback.admin import ModelAdmin, display
from flask_lback.admin.transfer import formats, rows
from flask_lback.auth import get_models
from flask_lback.db.schema import initialize
from flask_lback.testing import count_queries
from tests.support.server import Gunicorn

from .blog import Blog, PostAdmin, make_blog, map_blog
from .conftest import MakeBlog
from .test_lists import fill

EXPORT = "/admin/blog/post/export/"
TITLES = [f"Title {n:03}" for n in range(25)]


@pytest.fixture(scope="module")
def library(shared_blogs: MakeBlog) -> Blog:
    blog = shared_blogs()
    blog.add_superuser()
    fill(blog)
    return blog


def lines_of(response: TestResponse) -> list[dict[str, str]]:
    """The rows of a CSV file, by the names in its first line."""
    return list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig"))))


def sheet_of(content: bytes) -> list[list[tuple[str, str]]]:
    """Kind and value of each cell of the first sheet of a workbook."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314
    assert sheet.find(f".//{space}f") is None  # a formula
    return [
        [(cell.get("t", "n"), "".join(cell.itertext())) for cell in row]
        for row in sheet.iter(f"{space}row")
    ]


def exported(blog: Blog, query: str = "", name: str = "root") -> list[dict[str, str]]:
    return lines_of(blog.panel(name).get(f"{EXPORT}?{query}"))


def test_the_file_has_the_key_and_the_columns_of_the_list(library: Blog) -> None:
    response = library.panel("root").get(EXPORT)
    assert response.content_type == "text/csv; charset=utf-8"
    first = response.data.decode().splitlines()[0]
    assert first == "\ufeffid,title,author,status,is_featured,reads,published_at"
    row = lines_of(response)[3]
    assert (row["title"], row["author"], row["status"]) == ("Title 003", "ada", "draft")
    assert (row["is_featured"], row["reads"]) == ("yes", "3")
    assert dt.datetime.fromisoformat(row["published_at"]).tzinfo is not None


def test_the_file_has_every_row_of_the_list_in_its_order(library: Blog) -> None:
    assert [row["title"] for row in exported(library)] == TITLES
    assert [row["title"] for row in exported(library, "o=-reads")] == TITLES[::-1]
    assert [row["title"] for row in exported(library, "page=3")] == TITLES
    by_author = [row["author"] for row in exported(library, "o=-author")]
    assert by_author == sorted(by_author, reverse=True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [("q=harbour", [7]), ("status=published", [0, 5, 10, 15, 20]), ("tags=1&q=Title", [1, 2])],
)
def test_search_and_filters_narrow_the_file_as_they_do_the_list(
    library: Blog, query: str, expected: list[int]
) -> None:
    assert [row["title"] for row in exported(library, query)] == [TITLES[n] for n in expected]


def test_json_lines_keep_the_kinds_of_values(library: Blog) -> None:
    response = library.panel("root").get(f"{EXPORT}?format=jsonl")
    assert response.mimetype == "application/jsonl"
    row = [json.loads(line) for line in response.text.splitlines()][3]
    assert row["is_featured"] is True
    assert row["reads"] == 3
    assert row["status"] == "draft"


def test_a_workbook_opens_with_texts_numbers_and_days(library: Blog) -> None:
    response = library.panel("root").get(f"{EXPORT}?format=xlsx", buffered=True)
    assert str(response.mimetype).endswith("spreadsheetml.sheet")
    assert response.content_length == len(response.data)
    first, *found = sheet_of(response.data)
    assert [value for _, value in first][:3] == ["id", "title", "author"]
    assert found[3][1] == ("inlineStr", "Title 003")
    assert found[3][5] == ("n", "3")
    assert found[3][4] == ("b", "1")
    kind, moment = found[3][6]
    assert kind == "n"
    assert float(moment) > 40_000  # days since 1900
    assert len(found) == 25


def test_without_its_library_a_workbook_is_not_offered(
    library: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "format=xlsx" in library.panel("root").get("/admin/blog/post/").text
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    panel = library.panel("root")
    assert "format=xlsx" not in panel.get("/admin/blog/post/").text
    assert panel.get(f"{EXPORT}?format=xlsx").status_code == 302
    assert "This format is not offered." in panel.get("/admin/blog/post/").text


def test_more_rows_than_a_sheet_has_are_refused_before_the_download(
    library: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "SHEET_ROWS", 20)
    panel = library.panel("root")
    assert panel.get(f"{EXPORT}?format=xlsx&status=draft").status_code == 302
    assert "A sheet has room for 19 rows." in panel.get("/admin/blog/post/").text
    fitting = panel.get(f"{EXPORT}?format=xlsx&status=published", buffered=True)
    assert len(sheet_of(fitting.data)) == 6


def test_the_file_is_called_after_the_model_and_the_day_and_kept_by_nobody(library: Blog) -> None:
    for kind in ("csv", "xlsx", "jsonl"):
        headers = library.panel("root").get(f"{EXPORT}?format={kind}", buffered=True).headers
        today = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d")
        assert headers["Content-Disposition"] == f"attachment; filename=posts-{today}.{kind}"
        assert headers["Cache-Control"] == "no-store"


def test_a_name_with_other_letters_is_written_for_new_browsers(blogs: MakeBlog) -> None:
    class Beiträge(ModelAdmin):
        verbose_name_plural = "Beiträge, alle"

    blog = blogs(admins={"Tag": Beiträge})
    blog.add_superuser()
    header = blog.panel("root").get("/admin/blog/tag/export/").headers["Content-Disposition"]
    assert "filename*=UTF-8''beitr%C3%A4ge-alle-" in header


def test_the_mark_for_excel_can_be_left_out(blogs: MakeBlog) -> None:
    blog = blogs(LBACK_ADMIN_EXPORT_MARK=False)
    blog.add_superuser()
    assert blog.panel("root").get(EXPORT).data.startswith(b"id,title")


def test_exporting_needs_its_own_permission(library: Blog) -> None:
    library.add_staff("reader", "blog.view_post", "blog.change_post")
    library.add_staff("exporter", "blog.view_post", "blog.export_post")
    reader, exporter = library.panel("reader"), library.panel("exporter")
    assert reader.get(EXPORT).status_code == 403
    assert "post/export/" not in reader.get("/admin/blog/post/").text
    assert exporter.get(EXPORT).status_code == 200
    assert "post/export/?format=csv" in exporter.get("/admin/blog/post/").text
    assert exporter.get("/admin/blog/comment/export/").status_code == 403


def test_the_menu_keeps_what_the_list_is_narrowed_by(library: Blog) -> None:
    page = library.panel("root").get("/admin/blog/post/?status=draft&q=title&o=-reads&page=2").text
    assert "/export/?status=draft&amp;q=title&amp;o=-reads&amp;format=csv" in page


def test_rows_that_may_be_read_but_not_exported_are_left_out(blogs: MakeBlog) -> None:
    class Narrow(PostAdmin):
        def get_query(self, request: Any, statement: Any, action: str) -> Any:
            model = self.model
            return statement.where(model.reads < 4) if action == "export" else statement

    blog = blogs(admins={"Post": Narrow})
    blog.add_superuser()
    fill(blog, 9)
    assert [row["reads"] for row in exported(blog)] == ["0", "1", "2", "3"]
    assert "Title 008" in blog.panel("root").get("/admin/blog/post/").text


def test_an_admin_says_which_columns_its_file_has(blogs: MakeBlog) -> None:
    class Chosen(ModelAdmin):
        export_fields = ("slug", "author.location", "tags", "shout", "data", "author__username")

        @display(description="In capitals")
        def shout(self, row: Any) -> str:
            return str(row.title.upper())

    blog = blogs(admins={"Post": Chosen})
    blog.add_superuser()
    key = blog.add_post("quiet", author="ada", data={"a": [1, None]})
    with blog.app.app_context():
        post = blog.one(blog.Post, key)
        post.author.location = "Lisbon"
        post.tags += [blog.Tag(name="sea"), blog.Tag(name="salt, pepper")]
        blog.db.session.commit()
    (row,) = exported(blog)
    assert row == {
        "slug": "quiet",
        "author.location": "Lisbon",
        "tags": 'sea,"salt, pepper"',
        "shout": "QUIET",
        "data": '{"a": [1, null]}',
        "author.username": "ada",
    }
    document = json.loads(blog.panel("root").get(f"{EXPORT}?format=jsonl").text)
    assert document["tags"] == ["sea", "salt, pepper"]
    assert document["data"] == {"a": [1, None]}


def test_a_secret_is_refused_as_a_column_of_a_file(blogs: MakeBlog) -> None:
    class Leaking(ModelAdmin):
        export_fields = ("title", "author.password_hash")

    class Sly(ModelAdmin):
        def get_export_fields(self, request: Any) -> list[str]:
            return ["title", "preview_token"]

    class Twice(ModelAdmin):
        export_fields = ("title", "title")

    with pytest.raises(ConfigError, match="holds a secret"):
        make_blog(admins={"Post": Leaking})
    with pytest.raises(ConfigError, match="'title' twice"):
        make_blog(admins={"Post": Twice})
    blog = blogs(admins={"Post": Sly})
    blog.add_superuser()
    with pytest.raises(ConfigError, match="holds a secret"):
        blog.panel("root").get(EXPORT)


def test_the_download_is_in_the_audit_log_with_its_rows(blog: Blog) -> None:
    blog.add_superuser()
    fill(blog, 7)
    assert len(blog.panel("root").get(f"{EXPORT}?status=draft&format=jsonl").data) > 100
    with blog.app.app_context():
        entry = audited(blog)
        assert entry.actor_name == "root"
        assert entry.details == {"model": "Post", "format": "jsonl", "rows": 5, "complete": True}


def audited(blog: Blog) -> Any:
    kind: Any = get_models().AuditEntry
    return blog.db.session.scalar(sa.select(kind).filter_by(action="admin.exported"))


def test_a_reader_who_leaves_is_in_the_audit_log_with_what_he_got(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "BATCH", 2)
    blog.add_superuser()
    fill(blog, 7)
    response = blog.panel("root").get(EXPORT, buffered=False)
    pieces = response.iter_encoded()
    next(pieces)
    response.close()
    with blog.app.app_context():
        entry = audited(blog)
        assert (entry.details["rows"], entry.details["complete"]) == (2, False)


def test_asking_for_the_headers_alone_exports_nothing(blog: Blog) -> None:
    blog.add_superuser()
    fill(blog, 2)
    panel = blog.panel("root")
    response = panel.client.head(EXPORT)
    assert (response.status_code, response.data) == (200, b"")
    with blog.app.app_context():
        assert audited(blog) is None


def test_a_slow_reader_keeps_nobody_from_writing(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "BATCH", 2)
    blog.add_superuser()
    fill(blog, 8)
    response = blog.panel("root").get(EXPORT, buffered=False)
    pieces = response.iter_encoded()
    got = next(pieces)
    url = blog.app.config["SQLALCHEMY_DATABASE_URI"]
    engine = sa.create_engine(url, connect_args={"timeout": 0.2})
    with engine.begin() as connection:  # a lock that is held would make it fail
        connection.execute(sa.text("UPDATE post SET title = 'Changed' WHERE id = 8"))
        connection.execute(sa.text("DELETE FROM post WHERE id = 7"))
    engine.dispose()
    got += b"".join(pieces)
    titles = [row["title"] for row in csv.DictReader(io.StringIO(got.decode("utf-8-sig")))]
    assert titles == [*TITLES[:6], "Changed"]
    response.close()


def test_an_error_in_the_middle_does_not_look_like_a_whole_file(
    blogs: MakeBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Breaking(ModelAdmin):
        list_display = ("title", "risky")

        def risky(self, row: Any) -> str:
            if row.title == "Title 005":
                raise RuntimeError("in the middle")
            return "fine"

    monkeypatch.setattr(rows, "FEW", 2)
    blog = blogs(admins={"Post": Breaking})
    blog.add_superuser()
    fill(blog, 8)
    response = blog.panel("root").get(f"{EXPORT}?o=title", buffered=False)
    with pytest.raises(RuntimeError, match="in the middle"):
        b"".join(response.iter_encoded())
    with blog.app.app_context():
        entry = audited(blog)
        assert (entry.details["rows"], entry.details["complete"]) == (4, False)


@pytest.mark.parametrize("version", [10, 11])
def test_a_client_of_a_server_gets_a_whole_file_or_an_error(
    tmp_path: Path, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/served.sqlite"
    blog = make_blog(url)
    blog.add_superuser()
    fill(blog, 8)
    cookie: Any = blog.panel("root").client.get_cookie("lback_session")
    monkeypatch.setattr(HTTPConnection, "_http_vsn", version)
    monkeypatch.setattr(HTTPConnection, "_http_vsn_str", f"HTTP/1.{version - 10}")
    with Gunicorn(
        "tests.admin.serving:create_app()",
        log=tmp_path / "log",
        workers=1,
        env={"BLOG_DATABASE": url},
        ready_path="/auth/login/",
    ) as server:
        connection = HTTPConnection(server.host, server.port)
        connection.request(
            "GET", f"{EXPORT}?o=title", headers={"Cookie": f"lback_session={cookie.value}"}
        )
        answer = connection.getresponse()
        if version == 10:
            assert answer.status == 500
        else:
            assert answer.status == 200
            with pytest.raises(IncompleteRead):
                answer.read()
        answer.close()
        connection.close()
    with blog.app.app_context():
        blog.db.engine.dispose()


def test_over_http_1_0_the_file_is_finished_first(blogs: MakeBlog) -> None:
    class Breaking(ModelAdmin):
        list_display = ("risky",)

        def risky(self, row: Any) -> str:
            raise RuntimeError("at once")

    blog = blogs(admins={"Comment": Breaking})
    blog.add_superuser()
    post = blog.add_post("First")
    blog.add_comments(post, 1)
    panel = blog.panel("root")
    old = {"SERVER_PROTOCOL": "HTTP/1.0"}
    response = panel.client.get(EXPORT, environ_overrides=old, buffered=True)
    assert response.content_length == len(response.data) > 0
    with pytest.raises(RuntimeError, match="at once"):  # an error page, not an empty file
        panel.client.get("/admin/blog/comment/export/", environ_overrides=old)


def test_a_file_costs_the_same_statements_for_each_batch(library: Blog) -> None:
    panel = library.panel("root")
    assert panel.get(EXPORT).data
    with count_queries(library.app) as statements:
        assert panel.get(EXPORT).data
    # The account; the keys; one batch; the entry of the log.
    assert len(statements) == 4


def test_keys_of_every_kind_are_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BATCH", 2)
    monkeypatch.setattr(rows, "FEW", 2)
    blog = make_blog_with_odd_keys()
    panel = blog.panel("root")
    assert [row["name"] for row in lines_of(panel.get("/admin/odd/word/export/"))] == list("edcba")
    pairs = lines_of(panel.get("/admin/odd/pair/export/?o=a"))
    assert [(row["a"], row["b"]) for row in pairs] == [("x,y", "1"), ("x,y", "2"), ("z", "1")]


def make_blog_with_odd_keys() -> Blog:
    blog = map_blog(Flask("odd"), "sqlite://")
    model: Any = blog.db.Model

    class Word(model):
        __tablename__ = "word"
        __lback_app__ = "odd"
        name: Mapped[str] = mapped_column(sa.String(20), primary_key=True)

    class Pair(model):
        __tablename__ = "pair"
        __lback_app__ = "odd"
        a: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
        b: Mapped[int] = mapped_column(primary_key=True)

    class WordAdmin(ModelAdmin):
        list_display = ("name",)

    class PairAdmin(ModelAdmin):
        list_display = ("a", "b")

    blog.lback.admin.register(Word, WordAdmin)
    blog.lback.admin.register(Pair, PairAdmin)
    blog.db.init_app(blog.app)
    blog.lback.init_app(blog.app, user_model=blog.User)
    with blog.app.app_context():
        initialize(blog.app)
        blog.db.session.add_all(Word(name=letter) for letter in "abcde")
        blog.db.session.add_all([Pair(a="x,y", b=1), Pair(a="x,y", b=2), Pair(a="z", b=1)])
        blog.db.session.commit()
    blog.add_superuser()
    return blog


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_million_rows_fit_into_little_memory(tmp_path: Path, kind: str) -> None:
    command = [sys.executable, "-m", "tests.admin.exporting", str(tmp_path), kind]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["rows"] == 1_000_000
    assert found["peak"] <= 200
