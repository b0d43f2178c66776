"""Requests to the panel that ask for too much, for somebody else's, or by the wrong method."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from tests.admin.blog import Blog, Panel, PostAdmin, Status, make_blog
from tests.support.visitor import errors_of, hidden_fields

from .support import content

POSTS, USERS = "/admin/blog/post/", "/admin/people/user/"
RIGHTS = tuple(f"blog.{one}_post" for one in ("view", "add", "change", "delete", "export"))
#: As far as the limit of the setting; the rest are ben's.
OWN, OTHERS = 60, 240
BIG = 10**6


class Tenants(PostAdmin):
    """Staff see published posts, and change and delete their own."""

    list_editable = ("is_featured",)
    date_hierarchy = "published_at"

    def get_query(self, request: Any, statement: sa.Select[Any], action: str) -> sa.Select[Any]:
        if request.user.is_superuser:
            return statement
        own = self.model.author_id == request.user.id
        published = self.model.status == Status.published
        return statement.where(sa.or_(own, published) if action == "view" else own)


@contextmanager
def filled(folder: Path) -> Iterator[Blog]:
    """Posts of ada, who is staff, and of ben; every second one is published."""
    made = make_blog(
        f"sqlite:///{folder}/blog.sqlite",
        admins={"Post": Tenants},
        LBACK_ADMIN_BULK_LIMIT=50,
        PROPAGATE_EXCEPTIONS=False,
    )
    made.app.testing = False
    made.add_superuser()
    ada, ben = made.add_staff("ada", *RIGHTS), made.add_user("ben")
    with made.app.app_context():
        made.db.session.add_all(
            made.Post(
                title=f"Post {n}",
                slug=f"post-{n}",
                body="x",
                author_id=ada if n < OWN else ben,
                status=Status.published if n % 2 else Status.draft,
            )
            for n in range(OWN + OTHERS)
        )
        made.db.session.commit()
    yield made
    with made.app.app_context():
        made.db.engine.dispose()


@pytest.fixture
def blog(tmp_path: Path) -> Iterator[Blog]:
    with filled(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blog]:
    """As ``blog``, for requests that change nothing."""
    with filled(tmp_path_factory.mktemp("blog")) as made:
        yield made


@pytest.fixture(scope="module")
def reader(still: Blog) -> Panel:
    """The superuser there."""
    return still.panel("root")


def keys_of(blog: Blog, author: str, *, published: bool | None = None) -> list[int]:
    """The keys of somebody's posts."""
    with blog.app.app_context():
        post = blog.Post
        rows = blog.db.session.scalars(sa.select(post).where(post.author.has(username=author)))
        wanted = {None: list(Status), True: [Status.published], False: [Status.draft]}[published]
        return [row.id for row in rows if row.status in wanted]


HUGE: dict[str, Any] = {
    **{f"size={size}": f"size={size}" for size in ("1000000000", "-1", "1e9", "9" * 50)},
    **{f"page_size={size}": f"page_size={size}" for size in ("1000000000", "-1")},
    **{f"page={page}": f"page={page}" for page in ("-1", "0", "9" * 30, "1e9", "last", "\u0663")},
    **{f"o={order}": f"o={order}" for order in ("999", "-999", "body", "author.password_hash")},
    **{"a sort of sorts": "o=" + ",-title" * 10_000, "sort=999": "sort=999&desc=1"},
    **{"a filter of 1 MB": f"title={'x' * BIG}", "a date of 1 MB": f"day={'9' * BIG}"},
    "a status of 1 MB": f"status={'x' * BIG}",
    "a number of 1 MB": f"reads={'9' * BIG}&reads.from={'9' * BIG}",
    "a search of 1 MB": f"q={'x ' * (BIG // 2)}",
    "1,000 filters": "&".join(f"f{n}=x" for n in range(1_000)),
    "1,000 filters of one kind": "&".join(f"status={n}" for n in range(1_000)),
    "1,000 words": "q=" + "+".join(f"w{n}" for n in range(1_000)),
    "a place of 1 MB": f"after={'A' * BIG}",
    "nested places": "after=W1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tb",
    "NUL, half a character": "q=%00&title=%ED%A0%80&author=%00&after=%00",
    "numbers that are none": "reads.from=nan&reads.to=1e400&author=9e9&tags=-0",
}


@pytest.mark.parametrize("query", HUGE.values(), ids=HUGE)
@pytest.mark.parametrize("page", ["", "export/"])
def test_ad_8_no_address_of_a_list_costs_much(reader: Panel, page: str, query: str) -> None:
    started = time.thread_time()
    answer = reader.get(f"{POSTS}{page}?{query}", buffered=True)
    assert time.thread_time() - started < 1
    assert answer.status_code in (200, 302, 400, 404, 414)
    if page == "" and answer.status_code == 200:
        body = answer.text.partition("<tbody")[2].partition("</tbody>")[0]
        assert body.count("<tr") <= 200


def test_ad_8_nor_do_other_addresses(reader: Panel) -> None:
    long, many = "x" * BIG, "&".join(f"id={n}" for n in range(10_000))
    for path in (
        f"lookup/?field=author&q={long}",
        f"lookup/?field={long}",
        f"details/?id={long}",
        f"history/?id={long}",
        f"history/?id=1&page={'9' * 30}",
        f"delete/?{many}",
        f"edit/?{many}",
        f"new/?title={long}&tags={'1,' * 100_000}",
        f"import/?x={long}",
    ):
        started = time.thread_time()
        answer = reader.get(POSTS + path)
        assert time.thread_time() - started < 1, path[:40]
        assert answer.status_code < 500, path[:40]
    for query in (long, "+".join(["x"] * 10_000), "%00"):
        started = time.thread_time()
        assert reader.get(f"/admin/search/?q={query}").status_code < 500
        assert time.thread_time() - started < 1


def deleted(panel: Panel, keys: list[int]) -> Any:
    """Choose rows by a forged request, and press the button of the page that asks."""
    page = panel.act(POSTS, "delete", *keys)
    proof = hidden_fields(page.text).get("proof", "")
    data = MultiDict({"csrf_token": panel.token, "proof": proof})
    data.setlist("id", [str(key) for key in keys])
    return panel.client.post(f"{POSTS}delete/", data=data)


def test_ad_9_ten_thousand_keys_at_once_are_too_many(blog: Blog) -> None:
    panel, before = blog.panel("root"), blog.count(blog.Post)
    started = time.thread_time()
    panel.act(POSTS, "delete", *range(10_000))
    panel.act(POSTS, "publish", *range(10_000))
    deleted(panel, list(range(1, 52)))
    assert time.thread_time() - started < 3
    assert blog.count(blog.Post) == before
    assert "at most 50" in errors_of(panel.get(POSTS).text)
    with blog.app.app_context():
        published = sa.select(sa.func.count()).where(blog.Post.status == Status.published)
        assert blog.db.session.scalar(published) == before // 2


def test_ad_9_keys_of_somebody_else_are_neither_deleted_nor_acted_on(blog: Blog) -> None:
    panel = blog.panel("ada")
    seen, hidden = (keys_of(blog, "ben", published=one)[:5] for one in (True, False))
    for number, foreign in enumerate((seen, hidden)):
        own = keys_of(blog, "ada")[:2]
        deleted(panel, [*own, *foreign])
        assert len(keys_of(blog, "ada")) == OWN - 2 * (number + 1), "one's own are gone"
        panel.act(POSTS, "publish", *foreign)
        panel.post(f"{POSTS}cells/", **{"0-key": str(foreign[0]), "0-is_featured": "y"})
        for key in foreign:
            assert panel.get(f"{POSTS}delete/?id={key}").status_code in (403, 404)
    assert len(keys_of(blog, "ben")) == OTHERS
    assert keys_of(blog, "ben", published=False)[:5] == hidden
    with blog.app.app_context():
        rows = blog.db.session.scalars(sa.select(blog.Post))
        assert [row.id for row in rows if row.is_featured] == []


def test_ad_9_all_that_match_are_those_that_one_may_take(blog: Blog) -> None:
    panel = blog.panel("ada")
    page = panel.get(f"{POSTS}?q=9&size=10").text
    (matching,) = re.findall(r'name="all" value="(\d+)"', page)
    panel.post(f"{POSTS}action/?q=9", action="publish", all=matching)
    mine = set(keys_of(blog, "ada", published=True))
    assert len(mine) > OWN // 2 - 1
    asked = panel.post(f"{POSTS}action/?q=9", action="delete", all=matching)
    proof = hidden_fields(asked.text)["proof"]
    chosen = re.findall(r'name="id" value="(\d+)"', asked.text)
    assert {int(key) for key in chosen} <= set(keys_of(blog, "ada"))
    panel.post(f"{POSTS}delete/", proof=proof, id=chosen)
    assert len(keys_of(blog, "ada")) == OWN - len(chosen)
    assert len(keys_of(blog, "ben")) == OTHERS
    assert len(keys_of(blog, "ben", published=False)) == OTHERS // 2


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_ad_11_nothing_is_done_by_a_link(still: Blog, method: str) -> None:
    panel = still.panel("root")
    page = panel.act(POSTS, "delete", 1)
    proof = hidden_fields(page.text)["proof"]
    assert proof
    before, token = content(still), panel.token
    fields = "title=Stolen&name=Stolen&is_active=&is_superuser=&username=stolen&0-key=1&0-title=x"
    for path in (
        f"{POSTS}delete/?id=1&proof={proof}&yes=y&typed=Post+0&_method=POST",
        f"{POSTS}action/?action=delete&rowid=1&rowid=2",
        f"{POSTS}action/?action=publish&rowid=1&all=300",
        f"{USERS}action/?action=deactivate&rowid=2",
        f"{USERS}action/?action=end_sessions&rowid=2",
        f"{POSTS}edit/?id=1&{fields}",
        f"{POSTS}new/?{fields}&slug=x&body=x&author=1&status=draft",
        f"{POSTS}cells/?{fields}",
        f"{POSTS}import/?proof=x&file=x",
        f"{USERS}edit/?id=2&{fields}",
        f"{USERS}password/?id=2&_disable=1&new_password=x&password_confirm=x",
        f"{USERS}impersonate/?id=2",
        "/auth/stop-impersonation/?x=1",
    ):
        for headers in ({}, {"X-HTTP-Method-Override": "POST", "X-CSRFToken": token}):
            answer = panel.client.open(f"{path}&csrf_token={token}", method=method, headers=headers)
            assert answer.status_code in (200, 302, 404, 405), path
    assert content(still) == before
    assert panel.get("/admin/").status_code == 200
