"""What options and hooks make of a form."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from wtforms import TelField
from wtforms.validators import AnyOf

from flask_lback.admin import ModelAdmin, display
from flask_lback.admin.prepopulating import slugify
from flask_lback.exceptions import ConfigError
from tests.support.visitor import errors_of

from .blog import Blog, PostAdmin, make_blog
from .conftest import MakeBlog

PATH = "/admin/blog/post/"
GOOD = {"title": "Letters", "slug": "letters", "body": "Text", "status": "draft", "author": "1"}


def post_of(**options: Any) -> dict[str, type[ModelAdmin]]:
    """A PostAdmin with these options."""
    return {"Post": type("Post", (PostAdmin,), options)}


def opened(blog: Blog) -> Any:
    blog.add_superuser()
    return blog.panel("root")


def stored(blog: Blog, key: int = 1) -> Any:
    """What is written of a post."""
    with blog.app.app_context():
        post = blog.one(blog.Post, key)
        return post.title, post.slug, post.body, post.reads


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Letters from the night train", "letters-from-the-night-train"),
        ("  Über den  Fluss -- nach Süden!  ", "uber-den-fluss-nach-suden"),
        ("fullwidth \N{FULLWIDTH DIGIT ONE}\N{LATIN SMALL LIGATURE FI}", "fullwidth-1fi"),
        ("snake_case-_-", "snake_case"),
        ("Нощен влак", ""),
        ("<script>alert(1)</script>", "scriptalert1script"),
        ("", ""),
    ],
)
def test_a_slug_is_what_django_makes_of_a_text(text: str, slug: str) -> None:
    assert slugify(text) == slug


def test_a_slug_may_keep_other_alphabets() -> None:
    assert slugify("Нощен влак №5", allow_unicode=True) == "нощен-влак-no5"


def test_an_empty_slug_is_made_from_the_title(blogs: MakeBlog) -> None:
    blog = blogs(admins=post_of(prepopulated_fields={"slug": ("title", "status")}))
    panel = opened(blog)
    page = panel.get(f"{PATH}new/").text
    assert re.search(r'name="slug"[^>]*data-slug-from="f-title f-status"', page) or re.search(
        r'data-slug-from="f-title f-status"[^>]*name="slug"', page
    )
    assert 'data-slug-length="80"' in page
    sent = {**GOOD, "title": "Über alles " + "x" * 100, "slug": "  "}
    assert panel.post(f"{PATH}new/", **sent).status_code == 302
    assert stored(blog)[1] == ("uber-alles-" + "x" * 100)[:80]
    assert panel.post(f"{PATH}edit/?id=1", **{**GOOD, "slug": "own"}).status_code == 302
    assert stored(blog)[1] == "own"
    assert panel.post(f"{PATH}edit/?id=1", **{**GOOD, "slug": ""}).status_code == 302
    assert stored(blog)[1] == "letters-draft"


def test_a_slug_that_is_taken_or_cannot_be_made_is_told(blogs: MakeBlog) -> None:
    blog = blogs(admins=post_of(prepopulated_fields={"slug": ("title",)}))
    panel = opened(blog)
    blog.add_post("Letters", author="root", slug="letters")
    taken = panel.post(f"{PATH}new/", **{**GOOD, "slug": ""})
    assert "Change it, or empty the field to make one from the title." in errors_of(taken.text)
    assert 'value="letters"' in taken.text
    nothing = panel.post(f"{PATH}new/", **{**GOOD, "slug": "", "title": "!!!"})
    assert (nothing.status_code, "Fill this in." in nothing.text) == (400, True)


def test_a_field_that_cannot_be_written_is_not_made_either(blogs: MakeBlog) -> None:
    options = {"prepopulated_fields": {"slug": ("title",)}, "readonly_fields": ("slug",)}
    blog = blogs(admins=post_of(**options))
    panel = opened(blog)
    blog.add_post("Letters", author="root", slug="letters")
    assert (
        panel.post(f"{PATH}edit/?id=1", **{**GOOD, "title": "New", "slug": ""}).status_code == 302
    )
    assert stored(blog)[:2] == ("New", "letters")


def test_an_autocomplete_field_is_a_look_up_however_few_rows_there_are(blogs: MakeBlog) -> None:
    blog = blogs(admins=post_of(autocomplete_fields=("author", "tags")))
    panel = opened(blog)
    blog.add_user("ada")
    key = blog.add_post("Letters", author="root", slug="letters")
    page = panel.get(f"{PATH}edit/?id={key}").text
    assert page.count("data-lookup=") == 2
    assert ">ada<" not in page
    blog.add_staff("clerk", "blog.change_post", "blog.view_post", "blog.view_tag")
    clerk = blog.panel("clerk")
    assert clerk.get(f"{PATH}lookup/?field=author&q=a").status_code == 403
    assert clerk.get(f"{PATH}lookup/?field=tags&q=a").status_code == 200


def test_methods_are_printed_under_their_heading(blogs: MakeBlog) -> None:
    class Own(PostAdmin):
        fields = ("title", "length")
        readonly_fields = ("length",)

        @display(description="Letters in the title")
        def length(self, post: Any) -> str:
            return f"{len(post.title)} of them"

    blog = blogs(admins={"Post": Own})
    panel = opened(blog)
    blog.add_post("Letters", author="root", slug="letters")
    said = errors_of(panel.get(f"{PATH}edit/?id=1").text)
    assert "Letters in the title 7 of them" in said


def test_cards_stand_at_the_side_and_fold(blogs: MakeBlog) -> None:
    cards = (
        (None, {"fields": ("title", "slug", "author", "status")}),
        ("Text", {"fields": ("body",), "classes": ("collapse",), "description": "In Markdown."}),
        ("When", {"fields": ("published_at",), "classes": ("side", "collapse")}),
        ("Wide", {"fields": ("data",), "classes": ("wide",)}),
    )
    panel = opened(blogs(admins=post_of(fieldsets=cards)))
    page = panel.get(f"{PATH}new/").text
    assert page.count("<details") == 2
    assert '<details class="card min-w-0 fold" open' not in page
    side = page[page.index("<aside") :]
    assert 'name="published_at"' in side
    assert 'name="data"' not in side
    wrong = panel.post(f"{PATH}new/", **{**GOOD, "body": ""})
    assert wrong.text.count('fold" open') == 1


def test_hooks_decide_for_each_record(blogs: MakeBlog) -> None:
    class Own(PostAdmin):
        def get_exclude(self, request: Any, obj: Any = None) -> Any:
            return ("body",) if obj is not None and obj.title == "Closed" else ()

        def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
            return () if obj is None else ("slug",)

        def get_fieldsets(self, request: Any, obj: Any = None) -> Any:
            names = ("title", "slug", "body", "author", "status")
            return [("All", {"fields": names if obj is None else (*names, "reads")})]

    blog = blogs(admins={"Post": Own})
    panel = opened(blog)
    assert panel.post(f"{PATH}new/", **GOOD, reads="9").status_code == 302
    forged = {**GOOD, "title": "Closed", "slug": "forged", "body": "New", "reads": "5"}
    assert panel.post(f"{PATH}edit/?id=1", **forged).status_code == 302
    assert stored(blog) == ("Closed", "letters", "New", 5)
    page = panel.get(f"{PATH}edit/?id=1").text
    assert 'name="body"' not in page
    panel.post(f"{PATH}edit/?id=1", **{**forged, "body": "Forged"})
    assert stored(blog)[2] == "New"


def test_formfield_changes_how_a_column_is_filled_in(blogs: MakeBlog) -> None:
    class Own(PostAdmin):
        def formfield(self, name: str, field: Any) -> Any:
            if name == "title":
                field.kwargs["description"] = "What readers see first."
            if name == "data":
                return None
            if name == "slug":
                return TelField("Number", [AnyOf(["a", "b"])])
            return field

    blog = blogs(admins={"Post": Own})
    panel = opened(blog)
    page = panel.get(f"{PATH}new/").text
    assert "What readers see first." in page
    assert 'name="data"' not in page
    assert page.count('type="tel"') == 1
    assert panel.post(f"{PATH}new/", **{**GOOD, "slug": "c"}).status_code == 400
    assert panel.post(f"{PATH}new/", **{**GOOD, "slug": "b"}).status_code == 302
    assert stored(blog)[1] == "b"


def test_a_new_record_begins_with_what_the_address_says(blogs: MakeBlog) -> None:
    blog = blogs()
    panel = opened(blog)
    with blog.app.app_context():
        blog.db.session.add_all([blog.Tag(name="sea"), blog.Tag(name="train")])
        blog.db.session.commit()
    query = "title=Letters&author=1&tags=2&is_featured=y&status=published"
    page = panel.get(f"{PATH}new/?{query}&reads=9876543&data={{&author_id=7").text
    assert 'value="Letters"' in page
    assert '<option value="1" selected>root' in page
    assert re.search(r'value="2" checked', page)
    assert not re.search(r'value="1" checked', page)
    assert '<option value="published" selected>' in page
    assert re.search(r"checked[^>]*name=\"is_featured\"", page)
    assert "9876543" not in page
    assert "This is not JSON" not in page
    for wrong in (
        "author=77",
        "author=x",
        "status=no",
        "published_at=no",
        "title=%00",
        "csrf_token=x",
    ):
        assert panel.get(f"{PATH}new/?{wrong}").status_code == 200
    assert 'value="Other"' not in panel.get(f"{PATH}new/").text
    blog.add_post("Kept", author="root", slug="kept")
    assert 'value="Other"' not in panel.get(f"{PATH}edit/?id=1&title=Other").text


def test_get_form_initial_says_what_a_new_record_begins_with(blogs: MakeBlog) -> None:
    class Own(PostAdmin):
        def get_form_initial(self, request: Any) -> Any:
            return {"title": "From the hook", "author": request.user, "reads": 3, "no_such": 1}

    panel = opened(blogs(admins={"Post": Own}))
    page = panel.get(f"{PATH}new/?title=From+the+address").text
    assert 'value="From the hook"' in page
    assert '<option value="1" selected>root' in page


def test_the_address_checks_no_box_of_a_password_or_a_made_up_field(blogs: MakeBlog) -> None:
    panel = opened(blogs())
    page = panel.get(
        "/admin/people/user/new/?password=chosen&password1=chosen&email_verified="
    ).text
    assert "chosen" not in page
    assert re.search(r'checked[^>]*name="email_verified"', page)


def test_a_new_record_may_have_cards_of_its_own(blogs: MakeBlog) -> None:
    options = {
        "add_fieldsets": ((None, {"fields": (("title", "slug"), "author", "body")}),),
        "fieldsets": (("All", {"fields": ("title", "status")}),),
    }
    blog = blogs(admins=post_of(**options))
    panel = opened(blog)
    page = panel.get(f"{PATH}new/").text
    assert 'name="body"' in page
    assert 'name="status"' not in page
    assert panel.post(f"{PATH}new/", **GOOD).status_code == 302
    page = panel.get(f"{PATH}edit/?id=1").text
    assert 'name="body"' not in page
    assert 'name="status"' in page
    assert panel.post(f"{PATH}edit/?id=1", **{**GOOD, "body": "Forged"}).status_code == 302
    assert stored(blog)[2] == "Text"


def test_boxes_that_an_option_of_django_names_can_be_narrowed(blogs: MakeBlog) -> None:
    page = opened(blogs(admins=post_of(filter_horizontal=("tags",)))).get(f"{PATH}new/").text
    assert page.count("data-narrow=") == 1


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"prepopulated_fields": {"slug": ("titel",)}}, "names 'titel'"),
        ({"prepopulated_fields": {"slug": "title"}}, "Write ('title',)"),
        ({"prepopulated_fields": {"author": ("title",)}}, "names the relation 'author'"),
        ({"prepopulated_fields": ("slug", "title")}, '{"slug": ("title",)}'),
        ({"autocomplete_fields": ("title",)}, "names the column 'title'"),
        ({"autocomplete_fields": "author"}, "Write ('author',)"),
        ({"filter_horizontal": ("author",)}, "no relation to many"),
        ({"filter_vertical": ("title",)}, "no relation to many"),
        ({"add_fieldsets": ((None, {"fields": ("titel",)}),)}, "add_fieldsets names 'titel'"),
        ({"add_fieldsets": ((None, {"fields": ("preview_token",)}),)}, "holds a secret"),
        ({"fieldsets": ("title",)}, "fieldsets has 'title'"),
        ({"fieldsets": ((None, {"fields": "title"}),)}, "fieldsets has"),
        ({"fieldsets": ((None, {"fields": ("title", "title")}),)}, "names 'title' twice"),
        ({"inlines": int}, "must be a tuple"),
    ],
)
def test_an_option_that_cannot_work_is_refused_at_start(
    options: dict[str, Any], cause: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        make_blog(admins=post_of(**options))
    assert cause in str(raised.value)


def test_a_hook_that_saves_in_its_own_way_is_one_transaction_with_the_record(
    blogs: MakeBlog,
) -> None:
    class Own(PostAdmin):
        def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
            super().save_related(request, form, formsets, change)
            current = sa.inspect(form.instance).session
            tag = type(form.instance).tags.property.mapper.class_
            current.add(tag(name=form.instance.title))

    blog = blogs(admins={"Post": Own})
    panel = opened(blog)
    assert panel.post(f"{PATH}new/", **GOOD).status_code == 302
    assert blog.count(blog.Tag) == 1
    again = panel.post(f"{PATH}new/", **{**GOOD, "slug": "other"})
    assert again.status_code == 400
    assert blog.count(blog.Post) == 1
