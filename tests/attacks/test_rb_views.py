"""Views behind a permission: no visitor, method, order or spelling gets round it."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Blueprint, abort
from flask.testing import FlaskClient
from flask.views import MethodView, View

from flask_lback import ConfigError
from flask_lback.auth import current_user
from flask_lback.permissions import (
    PermissionRequiredMixin,
    any_permission_required,
    group_required,
    permission_required,
    require_permission,
    staff_member_required,
    superuser_required,
)
from flask_lback.testing import sign_in
from tests.support.apps import Site
from tests.support.databases import DATABASES

from .support import renamed

RIGHT = "news.read"
JSON = {"Accept": "application/json"}
SAFE = ("GET", "HEAD", "OPTIONS")
MakeSite = Callable[..., Site]


@pytest.fixture
def site(make_ready: MakeSite) -> Site:
    """Maya may read the news, kofi may not; forms need no token here."""
    site = make_ready(WTF_CSRF_ENABLED=False)
    for name in ("maya", "kofi"):
        site.add_user(name)
    with site.app.app_context():
        site.lback.permissions.grant(RIGHT, site.user("maya"))
        site.db.session.commit()
    return site


def client_of(site: Site, name: str) -> FlaskClient:
    """Somebody who is signed in."""
    with site.app.app_context():
        return sign_in(site.app, site.user(name))


METHODS = ["GET", "POST", "PUT", "OPTIONS"]
Note = Callable[[str], str]


def add_views(site: Site, ran: list[str]) -> list[str]:
    """Views of every kind behind the same permission, which note that they ran."""

    def note(kind: str) -> str:
        ran.append(kind)
        return "secret"

    return [
        *add_functions(site, note),
        *add_classes(site, note),
        *add_blueprints(site, note),
    ]


def add_functions(site: Site, note: Note) -> list[str]:
    """Plain and asynchronous ones."""

    @site.app.route("/function/", methods=METHODS)
    @permission_required(RIGHT)
    def function() -> str:
        return note("function")

    @site.app.route("/async/", methods=METHODS)
    @any_permission_required(RIGHT, "no.such")
    async def asynchronous() -> str:
        return note("async")

    return ["/function/", "/async/"]


def add_classes(site: Site, note: Note) -> list[str]:
    """Guarded as a class, by its list, by the mixin, and method by method."""

    @permission_required(RIGHT)
    class Decorated(View):
        methods = METHODS

        def dispatch_request(self) -> str:
            return note("class")

    class Listed(MethodView):
        decorators = [permission_required(RIGHT)]  # noqa: RUF012

        def get(self) -> str:
            return note("listed")

        post = put = options = get

    class Mixed(PermissionRequiredMixin, MethodView):
        permission_required = RIGHT

        async def get(self) -> str:
            return note("mixed")

        post = put = options = get

    class Single(MethodView):
        @permission_required(RIGHT)
        def get(self) -> str:
            return note("single")

        post = put = options = get

    views: list[type[View]] = [Decorated, Listed, Mixed, Single]
    for view in views:
        path = f"/{view.__name__.lower()}/"
        site.app.add_url_rule(path, view_func=view.as_view(view.__name__))
    return [f"/{view.__name__.lower()}/" for view in views]


def add_blueprints(site: Site, note: Note) -> list[str]:
    """A blueprint that asks before each of its pages, and one within it."""
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    inner = Blueprint("inner", __name__, url_prefix="/inner")
    outer.before_request(functools.partial(require_permission, RIGHT))

    @inner.route("/page/", methods=METHODS)
    def page() -> str:
        return note("blueprint")

    @inner.route("/guarded/", methods=METHODS)
    @permission_required(RIGHT)
    def guarded() -> str:
        return note("guarded")

    outer.register_blueprint(inner)
    site.app.register_blueprint(outer)
    return ["/outer/inner/page/", "/outer/inner/guarded/"]


def test_rb_2_anonymous_people_are_led_to_the_sign_in_and_others_are_refused(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[str] = []
    paths = add_views(site, ran)
    anonymous, kofi, maya = site.app.test_client(), client_of(site, "kofi"), client_of(site, "maya")
    for path in paths:
        page = anonymous.get(path)
        assert (page.status_code, page.location) == (302, f"/auth/login/?next={path}"), path
        document = anonymous.get(path, headers=JSON)
        assert document.status_code == 401, path
        assert (document.mimetype, document.json["code"]) == (  # type: ignore[index]
            "application/problem+json",
            "not_authenticated",
        )
        caplog.clear()
        assert kofi.get(path).status_code == 403, path
        logged = [json.loads(one.message) for one in caplog.records if one.name.endswith("audit")]
        assert [(one["action"], one["account"], one["path"]) for one in logged] == [
            ("security.forbidden", "kofi", path)
        ]
        document = kofi.get(path, headers=JSON)
        assert document.status_code == 403, path
        assert (document.mimetype, document.json["code"]) == (  # type: ignore[index]
            "application/problem+json",
            "permission_denied",
        )
    assert ran == [], "a refusal has no effect"
    assert [maya.get(path).text for path in paths] == ["secret"] * len(paths)


def test_rb_10_no_method_runs_a_view_that_get_would_not(site: Site) -> None:
    ran: list[str] = []
    paths = add_views(site, ran)
    people = [site.app.test_client(), client_of(site, "kofi")]
    for path in paths:
        for person in people:
            for method in (*SAFE, "POST", "PUT", "DELETE", "PATCH", "TRACE"):
                answer = person.open(path, method=method)
                assert "secret" not in answer.text, (path, method)
                assert answer.status_code in (302, 401, 403, 405), (path, method)
    assert ran == []


def test_rb_10_a_permission_above_the_route_stops_the_start(site: Site) -> None:
    @permission_required(RIGHT)
    @site.app.get("/swapped/")
    def swapped() -> str:
        return "open to everybody"

    client = site.app.test_client()
    for _ in range(2):
        with pytest.raises(ConfigError, match="'swapped' is open"):
            client.get("/swapped/")


def test_rb_10_a_permission_between_other_decorators_is_asked_for(site: Site) -> None:
    def counted(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def run(**values: Any) -> Any:
            return view(**values)

        return run

    @site.app.get("/between/")
    @counted
    @permission_required(RIGHT)
    @counted
    def between() -> str:
        return "secret"

    @site.app.get("/twice/")
    @permission_required(RIGHT)
    @staff_member_required
    def twice() -> str:
        return "secret"

    def shared() -> str:
        return "for everybody, but not at every address"

    site.app.add_url_rule("/open/", "open", shared)
    site.app.add_url_rule("/closed/", "closed", permission_required(RIGHT)(shared))
    kofi = client_of(site, "kofi")
    for path in ("/between/", "/twice/", "/closed/"):
        assert kofi.get(path).status_code == 403, path
        assert site.app.test_client().get(path).status_code == 302, path
    maya = client_of(site, "maya")
    assert [maya.get(path).status_code for path in ("/between/", "/twice/", "/open/")] == [
        *(200, 403),
        200,
    ]


def test_rb_10_a_guarded_error_page_is_shown_to_nobody_else(site: Site) -> None:
    site.app.testing = False

    @site.app.get("/teapot/")
    def broken() -> str:
        abort(418)

    @site.app.errorhandler(418)
    @permission_required(RIGHT)
    def teapot(error: Any) -> str:
        return "secret"

    assert client_of(site, "maya").get("/teapot/").text == "secret"
    for person in (site.app.test_client(), client_of(site, "kofi")):
        for headers in (JSON, {}):
            assert "secret" not in person.get("/teapot/", headers=headers).text


def test_rb_10_outside_of_a_request_a_guarded_view_does_not_run(site: Site) -> None:
    ran = []

    @permission_required(RIGHT)
    def guarded() -> None:
        ran.append("ran")

    with site.app.app_context(), pytest.raises(RuntimeError):
        guarded()
    assert ran == []


def generator() -> Iterable[str]:
    """Names that are gone once they were read."""
    yield from ()


@pytest.mark.parametrize(
    "spec",
    [None, "", [], (), {}, set(), 0, False, b"news.read", [None], [""], ["news.read", None], "*"],
    ids=repr,
)
@pytest.mark.parametrize("decorate", [permission_required, any_permission_required])
def test_rb_5_a_decorator_without_a_permission_is_an_error_at_import(
    decorate: Callable[..., Any], spec: Any
) -> None:
    with pytest.raises(ConfigError):
        decorate(spec)
    with pytest.raises(ConfigError):
        decorate(generator())
    with pytest.raises(ConfigError):
        decorate()


def fail(request: Any) -> str:
    """No answer at all."""
    raise LookupError("no idea")


@pytest.mark.parametrize(
    "function",
    [
        lambda request: None,
        lambda request: "",
        lambda request: [],
        lambda request: True,
        lambda request: iter(()),
        lambda request: [RIGHT, None],
        lambda request: "news.*",
        lambda: RIGHT,
        fail,
    ],
)
def test_rb_5_a_function_that_names_no_permission_lets_nobody_in(
    site: Site, function: Callable[..., Any]
) -> None:
    view = permission_required(function)(lambda: "secret")
    site.app.add_url_rule("/named/", "named", view)
    site.add_user("root", is_superuser=True)
    for name in ("maya", "root"):
        assert client_of(site, name).get("/named/").status_code == 403
    assert site.app.test_client().get("/named/").status_code == 302


def test_rb_5_names_of_a_generator_are_kept(site: Site) -> None:
    view = permission_required(name for name in (RIGHT,))(lambda: "secret")
    site.app.add_url_rule("/kept/", "kept", view)
    maya, kofi = client_of(site, "maya"), client_of(site, "kofi")
    for _ in range(2):
        assert (maya.get("/kept/").status_code, kofi.get("/kept/").status_code) == (200, 403)


GUARDS: list[Callable[..., Any]] = [
    permission_required("any.thing"),
    superuser_required,
    staff_member_required,
]


@pytest.mark.parametrize("in_bulk", [True, False])
def test_rb_6_a_superuser_that_is_switched_off_passes_nothing(site: Site, in_bulk: bool) -> None:
    site.add_user("root", is_superuser=True, is_staff=True)
    for number, guard in enumerate(GUARDS):
        site.app.add_url_rule(f"/{number}/", f"g{number}", guard(lambda: "secret"))
    root = client_of(site, "root")
    paths = [f"/{number}/" for number in range(len(GUARDS))]
    assert [root.get(path).status_code for path in paths] == [200] * 3
    user = site.models.User
    with site.app.app_context():
        if in_bulk:
            site.db.session.execute(sa.update(user).values(is_active=False))
        else:
            site.user("root").is_active = False
        site.db.session.commit()
        held = site.user("root")
        assert not held.has_permission("any.thing")
        assert not held.has_object_permission("auth.view_user", held)
        assert not held.has_module_perms("auth")
        assert held.get_all_permissions() == set()
    assert [root.get(path).status_code for path in paths] == [302] * 3
    assert [root.get(path, headers=JSON).status_code for path in paths] == [401] * 3


def test_rb_6_a_superuser_with_an_unconfirmed_address_gets_no_further_than_others(
    make_ready: MakeSite,
) -> None:
    site = make_ready(LBACK_AUTH_UNCONFIRMED_MAY=["home"])
    site.add_user("root", is_superuser=True, is_staff=True, verified=False)
    root = client_of(site, "root")
    assert root.get("/").text == "home"
    page = root.get("/news/")
    assert (page.status_code, page.location) == (302, "/auth/unconfirmed/")
    document = root.get("/news/", headers=JSON)
    assert (document.status_code, document.json["code"]) == (403, "email_not_verified")  # type: ignore[index]


SPELLINGS = [
    *("NEWS.READ", "News.read", " news.read", "news.read ", "news.read\n", "news.read\x00"),
    *("news.*", "*", "*.*", "news.", "news", ".read", "news.rea%", "news.rea_", "news.re?d"),
    *("news\u2024read", "\uff4eews.read", "news.re\u0430d", "news.read\u200b", "ne\u0301ws.read"),
]


@pytest.mark.parametrize("database", DATABASES)
def test_rb_9_only_the_exact_name_of_a_permission_counts(
    make_ready: MakeSite, database: str
) -> None:
    site = make_ready("default", database)
    site.add_user("maya")

    @site.app.get("/named/<path:name>/")
    def named(name: str) -> Any:
        answers = [
            current_user.has_permission(name),
            current_user.has_perm(name),
            current_user.can(name),
            current_user.has_any_permission([name]),
            current_user.has_permissions([name]),
            current_user.has_object_permission(name, current_user),
        ]
        return [answer is True for answer in answers]

    with site.app.app_context():
        site.lback.permissions.grant(RIGHT, site.user("maya"))
        site.db.session.commit()
        maya = site.user("maya")
        for name in SPELLINGS:
            assert not maya.has_permission(name), name
            assert not maya.has_object_permission(name, maya), name
            with pytest.raises(Exception, match=r"no permission|cannot"):
                site.lback.permissions.grant(name, maya)
        # Somebody has written a wildcard past every check: it stands for itself.
        table = site.models.Permission.__table__
        site.db.session.execute(sa.insert(table).values(name="auth.*", description=""))
        row = sa.select(table.c.id).where(table.c.name == "auth.*").scalar_subquery()
        site.db.session.execute(
            sa.insert(site.models.user_permissions).values(user_id=maya.id, permission_id=row)
        )
        site.db.session.commit()
        assert not site.user("maya").has_permission("auth.view_user")
    client = client_of(site, "maya")
    assert client.get(f"/named/{RIGHT}/").json == [True] * 6
    for name in ("NEWS.READ", "news.read ", "news.*", "auth.view_user", "\uff4eews.read"):
        assert client.get(f"/named/{name}/").json == [False] * 6, name


def test_rb_9_a_group_is_asked_for_by_its_exact_name(site: Site) -> None:
    with site.app.app_context():
        site.db.session.add(site.models.Group(name="Editors", users=[site.user("maya")]))
        site.db.session.commit()
    for number, name in enumerate(("Editors", "editors", "Editors2", "Edit")):
        view = group_required(name)(lambda: "secret")
        site.app.add_url_rule(f"/{number}/", f"g{number}", view)
    maya = client_of(site, "maya")
    assert [maya.get(f"/{number}/").status_code for number in range(4)] == [200, 403, 403, 403]


@pytest.mark.parametrize(
    "table", ["lback_permission", "lback_group_member", "lback_access_version"]
)
def test_rb_11_without_the_tables_of_rights_nobody_passes(make_ready: MakeSite, table: str) -> None:
    site = make_ready(PROPAGATE_EXCEPTIONS=False)
    site.app.testing = False
    site.add_user("maya")
    maya = client_of(site, "maya")
    with site.app.app_context():
        site.lback.permissions.grant(RIGHT, site.user("maya"))
        site.db.session.commit()
    with renamed(site, table):
        for path in ("/news/", "/ten/"):  # none of them is remembered from before
            answer = maya.get(path)
            assert (answer.status_code, "news" in answer.text) == (500, False)
    assert maya.get("/news/").status_code == 200
