"""Imports: what is tried, what is told, what is written, and what is refused."""

from __future__ import annotations

import datetime as dt
import functools
import io
import stat
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from werkzeug.test import TestResponse

from flask_lback.admin import ModelAdmin
from flask_lback.admin.transfer.trial import is_dry_run
from flask_lback.auth import get_models
from flask_lback.core import clock
from tests.support.visitor import errors_of

from .blog import Blog, Panel, PostAdmin, Status
from .conftest import MakeBlog

POSTS = "/admin/blog/post/"
IMPORT = f"{POSTS}import/"
TAGS = "/admin/blog/tag/"


@pytest.fixture
def blogs(blogs: MakeBlog, tmp_path: Path) -> MakeBlog:
    """Blogs whose files wait in a folder of the test."""
    return functools.partial(blogs, LBACK_ADMIN_IMPORT_FOLDER=str(tmp_path / "waiting"))


@pytest.fixture
def office(blogs: MakeBlog) -> Blog:
    """The usual one, with an administrator and an author."""
    blog = blogs()
    blog.add_superuser()
    blog.add_user("ada")
    return blog


def fill(blog: Blog, count: int) -> None:
    """Posts of ada's."""
    with blog.app.app_context():
        ada = blog.db.session.scalar(sa.select(blog.User).filter_by(username="ada"))
        blog.db.session.add_all(
            blog.Post(
                title=f"Title {n:03}",
                slug=f"slug-{n}",
                body="text",
                status=Status.published if n % 5 == 0 else Status.draft,
                reads=n,
                author=ada,
                published_at=clock.now() - dt.timedelta(days=n),
            )
            for n in range(count)
        )
        blog.db.session.commit()


def upload(panel: Panel, content: str | bytes, path: str = IMPORT) -> TestResponse:
    """Send a file to be tried."""
    raw = content.encode() if isinstance(content, str) else content
    data = {"csrf_token": panel.token, "file": (io.BytesIO(raw), "rows.csv")}
    return panel.client.post(path, data=data, content_type="multipart/form-data")


def confirm(panel: Panel, page: TestResponse, path: str = IMPORT, **changed: str) -> TestResponse:
    """Press the button of the page that says what a file does."""
    form = BeautifulSoup(page.text, "html.parser").find("input", {"name": "proof"})
    assert form is not None, errors_of(page.text)
    proof = str(form["value"])
    return panel.post(path, **{"proof": proof, "name": "rows.csv", **changed})


def imported(panel: Panel, content: str | bytes, path: str = IMPORT) -> None:
    """Send a file, and confirm what it does."""
    page = upload(panel, content, path)
    assert page.status_code == 200, problems(page)
    assert confirm(panel, page, path).status_code == 302


def problems(page: TestResponse) -> list[tuple[str, str, str]]:
    """Row, column and text of everything that is wrong."""
    table = BeautifulSoup(page.text, "html.parser").find("table", class_="import-problems")
    if table is None:
        return []
    rows = table.find_all("tr")[1:]
    return [tuple(cell.get_text() for cell in row.find_all(["th", "td"])) for row in rows]  # type: ignore[misc]


def figures(page: TestResponse) -> list[int]:
    """How many are added, changed, and as they are."""
    found = BeautifulSoup(page.text, "html.parser").select(".import-figure dd")
    return [int(one.get_text().replace(",", "")) for one in found]


def refusal(page: TestResponse) -> str:
    """What is said above the form."""
    return errors_of(page.text)


def posts(blog: Blog) -> list[Any]:
    with blog.app.app_context():
        rows = blog.db.session.scalars(sa.select(blog.Post).order_by(blog.Post.id)).all()
        for row in rows:
            _ = row.author.username, [tag.name for tag in row.tags]
        return list(rows)


NEW = "title,slug,body,status,author\nOn tides,on-tides,Text,published,ada\n"


def test_a_file_is_tried_and_nothing_is_written_before_it_is_confirmed(office: Blog) -> None:
    panel = office.panel("root")
    page = upload(panel, NEW)
    assert figures(page) == [1, 0, 0]
    assert "Import 1 row" in page.text
    assert posts(office) == []
    assert confirm(panel, page).location == POSTS
    assert "Imported: 1 added, 0 changed, 0 as they were." in panel.get(POSTS).text
    (post,) = posts(office)
    assert (post.title, post.status, post.author.username) == ("On tides", Status.published, "ada")


def test_what_an_export_writes_an_import_reads(office: Blog) -> None:
    fill(office, 9)
    panel = office.panel("root")
    for kind in ("csv", "jsonl"):
        content = panel.get(f"{POSTS}export/?format={kind}").data
        page = upload(panel, content)
        assert figures(page) == [0, 0, 9], problems(page)
        assert "There is nothing to import." in page.text
    changed = panel.get(f"{POSTS}export/").text.replace("Title 004", "Changed, with a comma")
    page = upload(panel, changed.replace("Changed, with a comma", '"Changed, with a comma"'))
    assert figures(page) == [0, 1, 8]
    assert "Title 004" in page.text
    assert confirm(panel, page).status_code == 302
    assert posts(office)[4].title == "Changed, with a comma"


def test_every_kind_of_value_comes_back_as_it_left(blogs: MakeBlog) -> None:
    class Everything(ModelAdmin):
        export_fields = (
            *("title", "slug", "body", "status", "is_featured", "published_at", "data"),
            *("author", "tags"),
        )

    blog = blogs(admins={"Post": Everything})
    blog.add_superuser()
    moment = dt.datetime(2026, 3, 4, 5, 6, 7, tzinfo=dt.UTC)
    values: dict[str, Any] = {
        "title": "=1+1",
        "slug": "'quoted",
        "body": "-two\nlines, and a comma\n",
        "status": Status.hidden,
        "is_featured": True,
        "published_at": moment,
        "data": {"a": [1, "ü"]},
    }
    key = blog.add_post(author="ada", **values)
    with blog.app.app_context():
        blog.one(blog.Post, key).tags += [blog.Tag(name="sea"), blog.Tag(name="salt, pepper")]
        blog.db.session.commit()
    panel = blog.panel("root")
    for kind in ("csv", "jsonl"):
        file = panel.get(f"{POSTS}export/?format={kind}").data
        with blog.app.app_context():
            blog.db.session.execute(sa.delete(blog.Post))
            blog.db.session.commit()
        imported(panel, file)
        (post,) = posts(blog)
        assert {name: getattr(post, name) for name in values} == values
        assert sorted(tag.name for tag in post.tags) == ["salt, pepper", "sea"]
        assert post.author.username == "ada"


def test_only_the_columns_in_the_file_are_written(office: Blog) -> None:
    fill(office, 2)
    imported(office.panel("root"), "id,status\n2,hidden\n")
    first, second = posts(office)
    assert (first.status, second.status) == (Status.published, Status.hidden)
    assert (second.title, second.slug, second.body) == ("Title 001", "slug-1", "text")


def test_every_error_is_told_by_row_and_column(office: Blog) -> None:
    fill(office, 1)
    page = upload(
        office.panel("root"),
        "id,title,slug,body,status,author,is_featured,published_at,tags\n"
        ",,a,Text,published,ada,yes,2026-01-01,\n"
        ",T,slug-0,Text,printed,nobody,perhaps,01/02/2026,sky\n"
        "99,T,c,Text,draft,ada,no,,\n"
        ",T,d,Text,draft,ada\n"
        "1,T,e,Text,draft,ada,no,,\n"
        "1,U,f,Text,draft,ada,no,,\n",
    )
    assert page.status_code == 400
    found = problems(page)
    assert {(row, column) for row, column, _ in found} == {
        ("2", "title"),
        *(("3", name) for name in ("slug", "status", "author", "is_featured", "published_at")),
        ("3", "tags"),
        ("4", "id"),
        ("5", "\N{EN DASH}"),
        ("7", "id"),
    }
    said = {(row, column): text for row, column, text in found}
    assert said["3", "status"] == "Use one of: draft, published, hidden."
    assert said["3", "author"] == "Nothing is called “nobody”, or has it as its key."
    assert said["3", "slug"] == "Another post has this slug."
    assert said["7", "id"] == "Row 6 has the same key."
    assert "6 rows need a change" not in page.text
    assert "5 rows need a change." in page.text
    assert 'name="proof"' not in page.text


def test_rows_of_one_file_are_compared_with_each_other(office: Blog) -> None:
    page = upload(office.panel("root"), "name\nsea\nsky\nsea\n", f"{TAGS}import/")
    assert problems(page) == [("4", "name", "Another tag has this name.")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf\n \n", "The file is empty."),
        (b"name\n", "The file has no rows."),
        (b"name\nGr\xfc\xdfe\n", "not in UTF-8: see line 2"),
        ("name\nsea\n".encode("utf-16"), "This is UTF-16."),
        (b"PK\x03\x04abc", "This is XLSX."),
        (b"name\nsea\x00\n", "This is no text file."),
        (b"nmae\nsea\n", "“nmae” is no column. Did you mean “name”?"),
        (b"name,name\na,b\n", "The column “name” stands there twice."),
        (b"name,Name\na,b\n", "“Name” stands there twice."),
        (b"name,,id\na,b,c\n", "A column has no name"),
        (b'name\n"sea\n', "cannot be read"),
        (b"id\n1\n", "no column that could be written"),
        (b"name\n" + b"a\n" * 6, "more than 5 rows"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"name": "a", "name": "b"}', "a name stands twice"),
        (b'{"name": NaN}', "NaN is no number"),
        (b'{"name": 1' + b"0" * 5_000 + b"}", "is not JSON"),
        (b'{"name": "sea"}\n{"name"\n', "Line 2 is not JSON"),
        (b"x" * 111_000, "larger than 107 kB"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_remedy(
    library: Blog, content: bytes, said: str
) -> None:
    page = upload(library.panel("root"), content, f"{TAGS}import/")
    assert page.status_code == 400
    assert said in refusal(page)


@pytest.fixture(scope="module")
def library(shared_blogs: MakeBlog) -> Blog:
    blog = shared_blogs(LBACK_ADMIN_IMPORT_MAX_ROWS=5, LBACK_ADMIN_IMPORT_MAX_BYTES=110_000)
    blog.app.config["TESTING"] = True
    blog.add_superuser()
    return blog


@pytest.mark.parametrize(
    "content",
    [
        "name\nsea\nsky\n",
        "\ufeffname\r\nsea\r\nsky\r\n",
        "id;name\n;sea\n;sky\n",
        "id\tName\n\tsea\n\n\tsky\n",
        '[{"name": "sea"}, {"name": "sky"}]',
        '{"name": "sea"}\n\n{"name": "sky"}\n',
    ],
)
def test_csv_and_json_are_read_as_programs_write_them(office: Blog, content: str) -> None:
    imported(office.panel("root"), content, f"{TAGS}import/")
    with office.app.app_context():
        assert office.db.session.scalars(sa.select(office.Tag.name)).all() == ["sea", "sky"]


def test_relations_are_found_by_name_or_key_and_a_name_of_two_is_refused(blogs: MakeBlog) -> None:
    blog = blogs()
    blog.add_superuser()
    first = blog.add_post("Twice", author="ada", slug="one")
    blog.add_post("Twice", author="ada", slug="two")
    blog.add_post("Once", author="ada")
    panel = blog.panel("root")
    path = "/admin/blog/comment/import/"
    page = upload(panel, f"text,post\na,Once\nb,{first}\nc,Twice\n", path)
    assert problems(page) == [("4", "post", "2 are called “Twice”: use the key.")]
    imported(panel, f"text,post\na,Once\nb,{first}\n", path)
    with blog.app.app_context():
        rows = blog.db.session.scalars(sa.select(blog.Comment).order_by(blog.Comment.id)).all()
        assert [(row.text, row.post.title) for row in rows] == [("a", "Once"), ("b", "Twice")]


def test_a_relation_finds_nothing_that_one_may_not_see(office: Blog) -> None:
    office.add_staff("clerk", "blog.add_post")
    office.add_staff("chief", "blog.add_post", "people.view_user")
    page = upload(office.panel("clerk"), NEW)
    assert [(row, column) for row, column, _ in problems(page)] == [("2", "author")]
    assert figures(upload(office.panel("chief"), NEW)) == [1, 0, 0]


def test_what_may_not_be_viewed_is_neither_given_nor_left_out_without_a_word(
    office: Blog,
) -> None:
    with office.app.app_context():
        office.db.session.add(office.Tag(name="sea"))
        office.db.session.commit()
    office.add_staff("clerk", "blog.add_post", "people.view_user")
    page = upload(
        office.panel("clerk"),
        NEW.replace("author\n", "author,tags\n").replace(",ada\n", ",ada,sea\n"),
    )
    said = "You may not see these, so you cannot choose one."
    assert problems(page) == [("2", "tags", said)]


def test_a_record_out_of_sight_is_as_one_that_is_not_there(blogs: MakeBlog) -> None:
    class Public(ModelAdmin):
        def get_query(self, request: Any, statement: Any, action: str) -> Any:
            return statement.where(self.model.name != "secret")

    blog = blogs(admins={"Tag": Public})
    blog.add_superuser()
    blog.add_user("ada")
    with blog.app.app_context():
        blog.db.session.add(blog.Tag(name="secret"))
        blog.db.session.commit()
    file = NEW.replace("author\n", "author,tags\n")
    told = []
    for name in ("secret", "nothing", "1", "2"):
        page = upload(blog.panel("root"), file.replace(",ada\n", f",ada,{name}\n"))
        told.append([text.replace(name, "…") for _, _, text in problems(page)])
    assert told == [["Nothing is called “…”, or has it as its key."]] * 4


def test_an_admin_that_forbids_adding_and_changing_has_no_import(blogs: MakeBlog) -> None:
    class Closed(ModelAdmin):
        def has_add_permission(self, request: Any) -> bool:
            return False

        def has_change_permission(self, request: Any, obj: Any = None) -> bool:
            return False

    blog = blogs(admins={"Tag": Closed})
    blog.add_superuser()
    panel = blog.panel("root")
    assert panel.get(f"{TAGS}import/").status_code == 403
    assert upload(panel, "name\nsea\n", f"{TAGS}import/").status_code == 403
    assert "tag/import/" not in panel.get(TAGS).text


def test_adding_and_changing_need_their_own_permissions(office: Blog) -> None:
    fill(office, 2)
    office.add_staff("adder", "blog.add_tag", "blog.view_tag")
    office.add_staff("changer", "blog.change_post")
    office.add_staff("reader", "blog.view_post", "blog.export_post")
    adder, changer, reader = map(office.panel, ("adder", "changer", "reader"))
    assert reader.get(IMPORT).status_code == 403
    assert upload(reader, NEW).status_code == 403
    assert "post/import/" not in reader.get(POSTS).text
    assert "tag/import/" in adder.get(TAGS).text
    page = upload(adder, "id,name\n1,sky\n,land\n", f"{TAGS}import/")
    assert problems(page) == [("2", "\N{EN DASH}", "You may not change tags.")]
    page = upload(changer, "id,title\n1,New\n,Newer\n")
    assert problems(page) == [("3", "\N{EN DASH}", "You may not add posts.")]
    imported(changer, "id,title\n1,New\n")


def test_rows_out_of_reach_are_refused_as_if_there_were_none(blogs: MakeBlog) -> None:
    class Narrow(PostAdmin):
        def get_query(self, request: Any, statement: Any, action: str) -> Any:
            return statement.where(self.model.reads < 2) if action == "change" else statement

    blog = blogs(admins={"Post": Narrow})
    blog.add_superuser()
    blog.add_user("ada")
    fill(blog, 4)
    page = upload(blog.panel("root"), "id,title\n1,A\n4,B\n99,C\n")
    gone = "There is no such record, or you may not change it."
    assert problems(page) == [("3", "id", gone), ("4", "id", gone)]


def test_what_is_read_only_may_stand_there_and_not_differ(office: Blog) -> None:
    fill(office, 2)
    panel = office.panel("root")
    page = upload(panel, "id,title,reads\n2,New,7\n")
    said = "This is read-only: leave it as it is, or the column out."
    assert problems(page) == [("2", "reads", said)]
    assert problems(upload(panel, NEW.replace("author", "author,reads").replace(",ada", ",ada,7")))
    imported(panel, "id,title,reads\n2,New,1\n")
    assert (posts(office)[1].title, posts(office)[1].reads) == ("New", 1)


@pytest.mark.parametrize("name", ["preview_token", "Preview token"])
def test_a_secret_column_is_refused_by_name(office: Blog, name: str) -> None:
    page = upload(office.panel("root"), f"id,{name}\n1,x\n")
    assert f"“{name}”" in refusal(page)
    assert page.status_code == 400


def test_defaults_stand_where_a_new_row_is_empty(office: Blog) -> None:
    imported(office.panel("root"), "title,slug,body,status,author\nA,a,Text,,ada\n")
    (post,) = posts(office)
    assert (post.status, post.is_featured, post.reads) == (Status.draft, False, 0)


def test_one_wrong_row_keeps_all_of_them_out(office: Blog) -> None:
    panel = office.panel("root")
    page = upload(panel, NEW)
    office.add_post("On tides", author="ada")  # the slug is taken meanwhile
    again = confirm(panel, page)
    assert again.status_code == 400
    assert problems(again) == [("2", "slug", "Another post has this slug.")]
    assert len(posts(office)) == 1


def test_what_has_changed_meanwhile_is_shown_again_before_it_is_written(office: Blog) -> None:
    fill(office, 2)
    panel = office.panel("root")
    page = upload(panel, "id,title\n1,New\n2,Newer\n")
    with office.app.app_context():
        office.one(office.Post, 1).title = "New"
        office.db.session.commit()
    again = confirm(panel, page)
    assert again.status_code == 409
    assert "Something has changed since the page was shown." in again.text
    assert posts(office)[1].title == "Title 001"
    assert figures(again) == [0, 1, 1]
    assert confirm(panel, again).status_code == 302
    assert posts(office)[1].title == "Newer"


def test_a_confirmation_works_once_for_its_account_and_its_model(office: Blog) -> None:
    panel, other = office.panel("root"), None
    office.add_user("boss", is_staff=True, is_superuser=True)
    other = office.panel("boss")
    page = upload(panel, "name\nsea\n", f"{TAGS}import/")
    for thief, path in ((other, f"{TAGS}import/"), (panel, IMPORT)):
        wrong = upload(panel, "name\nsea\n", f"{TAGS}import/")
        assert confirm(thief, wrong, path).status_code == 409
    assert confirm(panel, page, f"{TAGS}import/").status_code == 302
    again = confirm(panel, page, f"{TAGS}import/")
    assert again.status_code == 409
    assert "no longer here" in again.text
    assert office.count(office.Tag) == 1


@pytest.mark.parametrize("proof", ["x", "WyIuLi8uLi9ldGMvcGFzc3dkIiwieCIsInkiXQ.abc.def"])
def test_a_confirmation_of_somebody_s_own_making_is_none(office: Blog, proof: str) -> None:
    assert office.panel("root").post(IMPORT, proof=proof).status_code == 409


def test_a_file_that_was_exchanged_is_not_written(office: Blog, tmp_path: Path) -> None:
    panel = office.panel("root")
    page = upload(panel, "name\nsea\n", f"{TAGS}import/")
    (file,) = (tmp_path / "waiting").iterdir()
    file.write_text("name\nsky\n")
    assert confirm(panel, page, f"{TAGS}import/").status_code == 409
    assert office.count(office.Tag) == 0


def test_waiting_files_are_private_and_go_after_an_hour(office: Blog, tmp_path: Path) -> None:
    panel = office.panel("root")
    page = upload(panel, "name\nsea\n", f"{TAGS}import/")
    folder = tmp_path / "waiting"
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with clock.turned(dt.timedelta(minutes=61)):
        assert confirm(office.panel("root"), page, f"{TAGS}import/").status_code == 409
        upload(office.panel("root"), "name\nsky\n", f"{TAGS}import/")
    assert file not in set(folder.iterdir())


def test_the_dry_run_leaves_no_trace_and_says_that_it_is_one(
    blogs: MakeBlog, caplog: pytest.LogCaptureFixture
) -> None:
    asked = []

    class Telling(ModelAdmin):
        def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
            asked.append(is_dry_run())
            super().save_model(request, obj, form, change)

    blog = blogs(admins={"Tag": Telling})
    blog.add_superuser()
    panel = blog.panel("root")
    caplog.set_level("INFO", "flask_lback.audit")
    before = audited(blog)
    page = upload(panel, "name\nsea\n", f"{TAGS}import/")
    assert asked == [True]
    assert audited(blog) == before
    assert [record.message for record in caplog.records if "admin." in record.message] == []
    assert confirm(panel, page, f"{TAGS}import/").status_code == 302
    assert asked == [True, False]
    assert not is_dry_run()


def test_the_security_log_tells_of_no_trial(office: Blog, caplog: pytest.LogCaptureFixture) -> None:
    path = "/admin/people/user/import/"
    caplog.set_level("INFO", "flask_lback.audit")
    panel = office.panel("root")
    page = upload(panel, "id,is_active\n2,no\n", path)
    assert figures(page) == [0, 1, 0], problems(page)
    told = [record.getMessage() for record in caplog.records]
    assert not [line for line in told if "deactivated" in line]
    assert confirm(panel, page, path).status_code == 302
    told = [record.getMessage() for record in caplog.records]
    assert [line for line in told if "deactivated" in line]


def audited(blog: Blog, action: str | None = None) -> list[Any]:
    with blog.app.app_context():
        kind: Any = get_models().AuditEntry
        statement = sa.select(kind.action, kind.details, kind.actor_name).order_by(kind.id)
        if action is not None:
            statement = statement.filter_by(action=action)
        return [tuple(row) for row in blog.db.session.execute(statement)]


def test_an_import_is_in_the_audit_log_with_what_it_did(office: Blog) -> None:
    fill(office, 2)
    imported(office.panel("root"), "id,title\n1,Title 000\n2,Changed\n")
    ((_, details, actor),) = audited(office, "admin.imported")
    assert actor == "root"
    assert (details["added"], details["changed"], details["unchanged"]) == (0, 1, 1)


def test_the_empty_file_has_the_columns_of_the_form(office: Blog) -> None:
    response = office.panel("root").get(f"{IMPORT}?template=1")
    assert response.headers["Content-Disposition"] == "attachment; filename=post-import.csv"
    names = response.data.decode("utf-8-sig").strip().split(",")
    assert names[0] == "id"
    assert {"title", "slug", "body", "status", "author", "tags"} <= set(names)
    assert {"reads", "preview_token", "csrf_token"}.isdisjoint(names)


def test_an_import_without_its_token_is_refused(office: Blog) -> None:
    panel = office.panel("root")
    data = {"file": (io.BytesIO(b"name\nsea\n"), "rows.csv")}
    assert panel.client.post(f"{TAGS}import/", data=data).status_code == 400
    assert panel.post(f"{TAGS}import/").status_code == 400  # no file


def test_a_name_of_a_file_is_only_text(office: Blog) -> None:
    panel = office.panel("root")
    data = {
        "csrf_token": panel.token,
        "file": (io.BytesIO(b"<b>x\n<i>y\n"), "<script>alert(1)</script>.csv"),
    }
    page = panel.client.post(f"{TAGS}import/", data=data).text
    assert "<script>alert" not in page
    assert "<b>x" not in page


def test_accounts_are_imported_by_the_rules_of_their_form(office: Blog) -> None:
    panel = office.panel("root")
    path = "/admin/people/user/import/"
    page = upload(panel, "username,email\nben,BEN@example.org\nada,new@example.org\n", path)
    assert [(row, column) for row, column, _ in problems(page)] == [("3", "username")]
    imported(panel, "username,email\nben,ben@example.org\n", path)
    with office.app.app_context():
        ben = office.db.session.scalar(sa.select(office.User).filter_by(username="ben"))
        assert ben.email_canonical == "ben@example.org"
        assert ben.password_hash is None
    page = upload(panel, "username,password\ncleo,a sentence as password\n", path)
    assert "holds a secret" in refusal(page)


def test_accounts_leave_and_come_back_as_they_were(office: Blog) -> None:
    panel = office.panel("root")
    file = panel.get("/admin/people/user/export/").data
    assert b"argon2" not in file
    assert b"Not confirmed" in file or b"Active" in file
    page = upload(panel, file, "/admin/people/user/import/")
    assert figures(page) == [0, 0, 2], problems(page)
