"""Declaring what the panel shows, and what is said when it cannot be."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_lback import ConfigError, admin
from flask_lback.admin import ModelAdmin, display

from .blog import Blog, make_blog, map_blog


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of packages that can be imported; they are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(textwrap.dedent(text))


MODELS = """
    from typing import Any
    from flask_sqlalchemy import SQLAlchemy
    from sqlalchemy import String
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

    class Base(DeclarativeBase):
        pass

    db: Any = SQLAlchemy(model_class=Base)

    class Course(db.Model):
        __tablename__ = "course"
        id: Mapped[int] = mapped_column(primary_key=True)
        title: Mapped[str] = mapped_column(String(50))
"""


def start(*apps: str, db: Any = None, **config: Any) -> Flask:
    from flask_lback import Lback
    from tests.support.apps import SECRET_KEY

    app = Flask("school")
    app.config.update(
        SECRET_KEY=SECRET_KEY,
        TESTING=True,
        SQLALCHEMY_DATABASE_URI="sqlite://",
        INSTALLED_APPS=apps,
        **config,
    )
    if db is not None:
        db.init_app(app)
    Lback(app, db=db)
    return app


def paths(app: Flask) -> set[str]:
    return {rule.rule for rule in app.url_map.iter_rules()}


def test_admin_py_of_every_installed_app_is_read(project: Path) -> None:
    write(
        project,
        courses__models=MODELS,
        courses__admin="""
            from flask_lback import admin
            from .models import Course

            @admin.register(Course)
            class CourseAdmin(admin.ModelAdmin):
                list_display = ("title",)
        """,
        quiet__models="",
    )
    import courses.models  # type: ignore[import-not-found]

    app = start("courses", "quiet", db=courses.models.db)
    assert "/admin/courses/course/" in paths(app)


def test_registering_as_django_writes_it(project: Path) -> None:
    write(
        project,
        school__models=MODELS,
        school__admin="""
            from flask_lback import admin
            from .models import Course

            class CourseAdmin(admin.ModelAdmin):
                list_display = ("title",)

            admin.site.register(Course, CourseAdmin)
        """,
    )
    from school.models import db  # type: ignore[import-not-found]

    assert "/admin/school/course/" in paths(start("school", db=db))


def test_a_module_without_a_package_declares_its_models_itself(project: Path) -> None:
    write(
        project,
        single=textwrap.dedent(MODELS)
        + "\nfrom flask_lback import admin\nadmin.register(Course, admin.ModelAdmin)\n",
    )
    import single  # type: ignore[import-not-found]

    app = start("single", db=single.db)
    assert "/admin/single/course/" in paths(app)


def test_an_error_inside_admin_py_is_not_swallowed(project: Path) -> None:
    write(project, broken__admin="import a_module_that_nobody_has\n")
    with pytest.raises(ModuleNotFoundError, match="a_module_that_nobody_has"):
        start("broken")


def test_an_app_that_does_not_exist_is_named(project: Path) -> None:
    with pytest.raises(ConfigError, match=r"INSTALLED_APPS names 'no_such_app'"):
        start("no_such_app")


def test_a_model_declared_in_two_apps_names_both(project: Path) -> None:
    declare = "from flask_lback import admin\nfrom one.models import Course\n"
    declare += "admin.register(Course)\n"
    write(project, one__models=MODELS, one__admin=declare, two__admin=declare)
    import one.models  # type: ignore[import-not-found]

    with pytest.raises(ConfigError, match=r"Course is registered twice, in one\.admin and in two"):
        start("one", "two", db=one.models.db)


def test_a_failed_start_leaves_the_application_as_it_was(project: Path) -> None:
    write(project, broken2__admin="raise RuntimeError('no')\n")
    app = Flask("school")
    app.config.update(SECRET_KEY="9f2c61d07be84a35c1f6d2ab907e43185bd0", INSTALLED_APPS=["broken2"])
    from flask_lback import Lback

    with pytest.raises(RuntimeError):
        Lback(app)
    assert "lback" not in app.extensions
    assert paths(app) == {"/static/<path:filename>"}


def test_two_applications_share_no_declaration(project: Path) -> None:
    blog, other = make_blog(), map_blog(Flask("other"))
    other.db.init_app(other.app)
    other.lback.init_app(other.app, user_model=other.User)
    assert "/admin/blog/post/" in paths(blog.app)
    assert "/admin/blog/post/" not in paths(other.app)


def test_importing_the_declaring_names_loads_nothing_of_flask_admin() -> None:
    script = (
        "import sys\n"
        "from flask_lback import admin\n"
        "admin.register, admin.ModelAdmin, admin.action, admin.display\n"
        "assert not [name for name in sys.modules if name.startswith('flask_admin')]\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_a_model_registered_after_the_start_appears_at_once() -> None:
    blog = map_blog(Flask("late"))
    blog.db.init_app(blog.app)
    blog.lback.init_app(blog.app, user_model=blog.User)
    blog.lback.admin.register(blog.Tag)
    assert "/admin/blog/tag/" in paths(blog.app)
    with pytest.raises(ConfigError, match="Tag is registered twice"):
        blog.lback.admin.register(blog.Tag)


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"which is no mapped model"):
        admin.register(dict)
    with pytest.raises(ConfigError, match="was given nothing"):
        admin.register(ModelAdmin)


class Unknown(ModelAdmin):
    list_displayed = ("title",)


class WrongColumn(ModelAdmin):
    list_display = ("titel",)


class NoTuple(ModelAdmin):
    search_fields = "title"


class SearchesRelation(ModelAdmin):
    search_fields = ("author",)


class ShowsSecret(ModelAdmin):
    list_display = ("title", "preview_token")


class SearchesSecret(ModelAdmin):
    search_fields = ("author.password_hash",)


class FiltersSecret(ModelAdmin):
    list_filter = ("preview_token",)


class SortsBySecret(ModelAdmin):
    ordering = ("-author__password_hash",)


class SortsMethodBySecret(ModelAdmin):
    list_display = ("shout",)

    @display(ordering="author.password_hash")
    def shout(self, row: Any) -> str:
        return "!"


class WritesSecret(ModelAdmin):
    fields = ("title", "preview_token")


class Both(ModelAdmin):
    fields = ("title",)
    fieldsets = ((None, {"fields": ("body",)}),)


class Twice(ModelAdmin):
    fields = ("title", ("body", "title"))


class NoAction(ModelAdmin):
    actions = ("publich",)

    def publish(self, request: Any, rows: Any) -> None: ...


class HugePage(ModelAdmin):
    list_per_page = 1_000_000


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (Unknown, "Unknown.list_displayed is no option of ModelAdmin. Did you mean 'list_display'"),
        (WrongColumn, "list_display names 'titel', which Post has not. Did you mean 'title'"),
        (NoTuple, "search_fields is 'title', but must be a tuple or a list. Write ('title',)"),
        (SearchesRelation, "names the relation 'author'. Name a column behind it"),
        (ShowsSecret, "names 'preview_token', which holds a secret"),
        (SearchesSecret, "names 'author.password_hash', which holds a secret"),
        (FiltersSecret, "names 'preview_token', which holds a secret"),
        (SortsBySecret, "names 'author__password_hash', which holds a secret"),
        (SortsMethodBySecret, "names 'author.password_hash', which holds a secret"),
        (WritesSecret, "names 'preview_token', which holds a secret"),
        (Both, "Both has both fields and fieldsets"),
        (Twice, "fields names 'title' twice"),
        (NoAction, "names 'publich', which is no method. Did you mean 'publish'"),
        (HugePage, "list_per_page is 1000000. Use a number from 1 to 500"),
    ],
)
def test_an_option_that_cannot_work_stops_the_start(options: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_blog(admins={"Post": options})
    assert said in str(caught.value)


def test_names_with_two_underscores_are_those_of_django() -> None:
    class Djangoish(ModelAdmin):
        list_display = ("title", "author__username")
        search_fields = ("author__email",)
        list_filter = ("author__is_active",)
        ordering = ("author__username",)

    blog = make_blog(admins={"Post": Djangoish})
    blog.add_superuser()
    blog.add_post("First", author="ada")
    query = "?q=ada%40&author.is_active=yes&o=-author.username"
    page = blog.panel("root").get(f"/admin/blog/post/{query}").text
    assert "First" in page
    assert "1 of 1" in page


def test_an_address_that_is_taken_or_none_is_refused() -> None:
    from flask_admin.base import Admin

    blog = map_blog(Flask("own"))
    Admin(blog.app, name="own")
    blog.db.init_app(blog.app)
    with pytest.raises(ConfigError, match="/admin is the address of the application's own"):
        blog.lback.init_app(blog.app, user_model=blog.User)
    for wrong in ("", "/", "admin"):
        with pytest.raises(ConfigError, match="LBACK_ADMIN_URL_PREFIX is"):
            make_blog(LBACK_ADMIN_URL_PREFIX=wrong)


def test_the_panel_goes_where_the_settings_say() -> None:
    blog = make_blog(LBACK_ADMIN_URL_PREFIX="/desk", LBACK_URL_PREFIX="/lback")
    assert "/lback/desk/blog/post/" in paths(blog.app)


def test_the_panel_can_be_left_out() -> None:
    from flask_lback import Lback
    from flask_lback.features import DEFAULT_FEATURES
    from tests.support.apps import SECRET_KEY

    app = Flask("plain")
    app.config.update(SECRET_KEY=SECRET_KEY, SQLALCHEMY_DATABASE_URI="sqlite://")
    Lback(app, features=[name for name in DEFAULT_FEATURES if name != "admin"])
    assert not [path for path in paths(app) if path.startswith("/admin")]


def test_csrf_switched_off_is_found(blog: Blog) -> None:
    from flask_lback.core.checks import Checks
    from flask_lback.core.state import state_of

    def found(app: Flask) -> set[str]:
        with app.app_context():
            return {one.id for one in state_of(app)[Checks].run(app)}

    assert "admin.E001" not in found(blog.app)
    bare = make_blog(LBACK_MIDDLEWARE=[])
    assert "admin.E001" in found(bare.app)
    bare.app.testing = False
    blog.app.testing = False
    blog.app.config["WTF_CSRF_ENABLED"] = False
    assert "admin.E001" in found(blog.app)


@pytest.mark.parametrize(
    ("name", "ours"), [("get_queryset", "get_query"), ("get_search_results", "search_fields")]
)
def test_what_django_would_call_is_not_passed_over_in_silence(name: str, ours: str) -> None:
    kind = type("Foreign", (ModelAdmin,), {name: lambda self, request: None})
    with pytest.raises(ConfigError, match=rf"Foreign.{name} is Django's.*Use {ours}"):
        make_blog(admins={"Post": kind})
