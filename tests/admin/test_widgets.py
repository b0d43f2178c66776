"""Own widgets of the dashboard."""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from markupsafe import Markup

from flask_lback import admin
from flask_lback.auth import current_user
from flask_lback.core import clock
from flask_lback.core.state import current_state
from flask_lback.db.schema import drop
from flask_lback.exceptions import ConfigError
from tests.support.databases import DATABASES
from tests.support.visitor import errors_of

from .blog import Blog, make_blog
from .conftest import MakeBlog


@pytest.fixture
def shown(blogs: MakeBlog) -> Callable[..., Blog]:
    """``shown(function, permission=None, …)``: a blog with this widget, called Sales."""

    def make(function: Any, **options: Any) -> Blog:
        def prepare(blog: Blog) -> None:
            blog.lback.admin.widget("Sales", **{"permission": None, **options})(function)

        blog = blogs(prepared=prepare)
        blog.add_superuser()
        return blog

    return make


def dashboard(blog: Blog, name: str = "root") -> str:
    response = blog.panel(name).get("/admin/")
    assert response.status_code == 200
    return response.text


def test_a_card_stands_among_the_numbers(shown: Callable[..., Blog]) -> None:
    blog = shown(lambda: admin.Card(12_345, note="this month", url="/sales/"))
    page = dashboard(blog)
    assert "Sales 12,345 this month" in errors_of(page)
    assert 'href="/sales/">Sales<' in page


def test_a_chart_is_drawn_as_ours_are(shown: Callable[..., Blog]) -> None:
    today = clock.now().date()
    blog = shown(lambda: admin.Chart({today: 7, today - dt.timedelta(days=20): 3}))
    page = dashboard(blog)
    assert 'aria-label="Sales per day over 28 days, between 0 and 7"' in page
    assert 'aria-label="Sales per day over 14 days, between 0 and 7"' in page
    assert "style=" not in page


def test_a_table_shows_values_as_lists_do(shown: Callable[..., Blog]) -> None:
    rows = [("Ink", 1_200, True), (Markup("<b>Pen</b>"), None, "<b>no</b>")]
    page = dashboard(shown(lambda: admin.Table(("Article", "Sold", "Here"), rows)))
    assert "Article Sold Here Ink 1,200 Yes" in errors_of(page)
    assert "<td><b>Pen</b></td>" in page
    assert "&lt;b&gt;no&lt;/b&gt;" in page


@pytest.mark.parametrize(
    ("text", "said"),
    [("a <b>word</b>", "a &lt;b&gt;word&lt;/b&gt;"), (Markup("a <b>word</b>"), "a <b>word</b>")],
)
def test_text_is_html_only_when_it_says_so(
    shown: Callable[..., Blog], text: str, said: str
) -> None:
    assert f">{said}</div>" in dashboard(shown(lambda: admin.Text(text)))


def test_nothing_to_show_leaves_no_trace(shown: Callable[..., Blog]) -> None:
    assert "Sales" not in dashboard(shown(lambda: None))


def test_one_of_its_permissions_is_needed_and_it_is_not_asked_otherwise(
    shown: Callable[..., Blog],
) -> None:
    asked: list[str] = []

    def sales() -> admin.Card:
        asked.append(current_user.username)
        return admin.Card("much")

    blog = shown(sales, permission=("shop.view_receipt", "shop.add_receipt"))
    blog.add_staff("cashier", "shop.add_receipt")
    blog.add_staff("clerk", "blog.view_post")
    assert "much" in dashboard(blog, "cashier")
    assert "much" not in dashboard(blog, "clerk")
    assert asked == ["cashier"]


def test_an_answer_is_kept_for_as_long_as_it_says(shown: Callable[..., Blog]) -> None:
    answers = iter(["first", "second"])
    blog = shown(lambda: admin.Card(next(answers)), cache_for=60)
    blog.add_staff("clerk")
    assert "first" in dashboard(blog)
    with clock.turned(dt.timedelta(seconds=59)):
        assert "first" in dashboard(blog, "clerk")
    with clock.turned(dt.timedelta(seconds=61)):
        assert "second" in dashboard(blog)


def test_without_a_time_it_is_asked_each_time(shown: Callable[..., Blog]) -> None:
    answers = iter(["first", "second"])
    blog = shown(lambda: admin.Card(next(answers)))
    assert "first" in dashboard(blog)
    assert "second" in dashboard(blog)


def test_a_personal_answer_is_kept_for_its_account_alone(shown: Callable[..., Blog]) -> None:
    asked: list[str] = []

    def mine() -> admin.Card:
        asked.append(current_user.username)
        return admin.Card(f"for {current_user.username}")

    blog = shown(mine, cache_for=60, per_user=True)
    blog.add_staff("clerk")
    for name in ("root", "clerk", "root"):
        assert f"for {name}" in dashboard(blog, name)
    assert asked == ["root", "clerk"]


def test_who_loses_the_right_is_not_shown_what_was_kept(shown: Callable[..., Blog]) -> None:
    blog = shown(
        lambda: admin.Card("much"), permission="shop.view_receipt", cache_for=60, per_user=True
    )
    blog.add_staff("cashier", "shop.view_receipt")
    assert "much" in dashboard(blog, "cashier")
    with blog.app.app_context():
        user = blog.db.session.scalar(sa.select(blog.User).filter_by(username="cashier"))
        blog.lback.permissions.revoke("shop.view_receipt", user)
        blog.db.session.commit()
    assert "much" not in dashboard(blog, "cashier")


def raises() -> admin.Card:
    raise LookupError("a fault of the widget")


def session() -> Any:
    return current_state()[SQLAlchemy].session


def bad_statement() -> admin.Card:
    session().execute(sa.text("SELECT nothing FROM nowhere"))
    return admin.Card(1)


@pytest.mark.parametrize(
    "function",
    [
        raises,
        bad_statement,
        lambda: "<b>html</b>",
        lambda: admin.Chart({dt.date(2026, 1, 1): -1}),
        lambda: admin.Chart({dt.date(2026, 1, 1): "many"}),  # type: ignore[dict-item]
        lambda: admin.Table(("One",), [("one", "two")]),
    ],
)
def test_a_fault_costs_its_own_place_and_no_more(
    shown: Callable[..., Blog], function: Any, caplog: pytest.LogCaptureFixture
) -> None:
    blog = shown(function, cache_for=60)
    blog.add_post("First", author="ada")
    for _ in range(2):
        page = errors_of(dashboard(blog))
        assert "Sales This could not be drawn." in page
        assert "Posts 1" in page
    logged = [one for one in caplog.records if one.name == "flask_lback.admin.overview.board"]
    assert len(logged) == 2, "a fault is not kept"
    assert logged[0].levelno == logging.ERROR
    assert "'Sales' of tests.admin.test_widgets" in logged[0].getMessage()
    assert logged[0].exc_info is not None


@pytest.mark.parametrize("kind", DATABASES)
def test_a_statement_that_fails_fails_no_other(
    kind: str, new_database: Callable[[str], str]
) -> None:
    def prepare(blog: Blog) -> None:
        blog.lback.admin.widget("Sales", permission=None)(bad_statement)
        blog.lback.admin.widget("Users", permission=None)(
            lambda: admin.Card(session().query(blog.User).count(), "after it")
        )

    blog = make_blog(new_database(kind), prepared=prepare)
    try:
        blog.add_superuser()
        blog.add_user("ada")
        blog.add_post("First", author="ada")
        page = errors_of(dashboard(blog))
        assert "Sales This could not be drawn." in page
        assert "Users 2 after it" in page
        assert "Posts 1" in page
    finally:
        with blog.app.app_context():
            drop(blog.app)
            blog.db.engine.dispose()


def test_a_widget_of_an_installed_application_is_found(
    blogs: MakeBlog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop_of_widgets.py").write_text(
        "from flask_lback import admin\n"
        "@admin.widget('Receipts', permission='shop.view_receipt')\n"
        "def receipts(): return admin.Card(41)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    blog, other = blogs(INSTALLED_APPS=["shop_of_widgets"]), blogs()
    for one in (blog, other):
        one.add_superuser()
    assert "Receipts 41" in errors_of(dashboard(blog))
    assert "Receipts 41" not in errors_of(dashboard(other))


def test_two_applications_keep_their_answers_apart(shown: Callable[..., Blog]) -> None:
    answers = iter(["here", "there"])

    def sales() -> admin.Card:
        return admin.Card(next(answers))

    first, second = shown(sales, cache_for=60), shown(sales, cache_for=60)
    assert "here" in dashboard(first)
    assert "there" in dashboard(second)
    assert "here" in dashboard(first)


def test_one_that_is_declared_late_is_shown_too(blog: Blog) -> None:
    blog.add_superuser()

    @blog.lback.admin.widget("Weather", permission=None)
    def weather() -> admin.Text:
        return admin.Text("Rain")

    assert weather().text == "Rain"
    assert re.search(r"Weather\s+Rain", errors_of(dashboard(blog)))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"title": ""}, "has the title ''"),
        ({"cache_for": -1}, "has cache_for=-1"),
        ({"cache_for": "a minute"}, "has cache_for='a minute'"),
        ({"cache_for": float("nan")}, "has cache_for=nan"),
        ({"permission": "shop.*"}, "there are no wildcards"),
        ({"permission": ""}, "'' cannot be a permission"),
        ({"permission": ()}, "() cannot be a permission"),
        ({"permission": ("shop.view_receipt", 3)}, "3 cannot be a permission"),
    ],
)
def test_an_option_that_cannot_be_is_refused(options: dict[str, Any], said: str) -> None:
    given: dict[str, Any] = {"title": "Sales", "permission": None, **options}
    with pytest.raises(ConfigError, match=re.escape(said)):
        admin.widget(given.pop("title"), **given)


@pytest.mark.parametrize("options", [{}, {"permission": None, "cache": 60}])
def test_a_permission_must_be_named_and_nothing_unknown(options: Any) -> None:
    with pytest.raises(TypeError):
        admin.widget("Sales", **options)


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(ConfigError, match="no function"):
        admin.widget("Sales", permission=None)(admin.Card(1))  # type: ignore[type-var]
