"""Pages for readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import abort, redirect, render_template, request, url_for

from flask_lback.auth import current_user

from ..extensions import db
from ..models import Post, Tag
from ..roles import CHANGE_POST, MODERATE_COMMENT, VIEW_POST
from . import queries
from .blueprint import bp
from .forms import CommentForm

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

ORDERS = {"newest": queries.published, "discussed": queries.most_discussed}
SIDE_TAGS, SIDE_WRITERS = 14, 4


@bp.get("/")
def home() -> str:
    """The newest posts."""
    order = request.args.get("order", "newest")
    if order not in ORDERS:
        abort(404)
    page, counts = queries.page_of(ORDERS[order]())
    return render_template(
        "blog/home.html",
        page=page,
        counts=counts,
        order=order,
        tags=queries.tags_with_counts(SIDE_TAGS),
        writers=queries.recent_writers(SIDE_WRITERS),
    )


@bp.get("/posts/<int:post_id>/")
@bp.get("/posts/<int:post_id>/<slug>/")
def post(post_id: int, slug: str = "") -> ResponseReturnValue:
    """One post with its comments."""
    found = readable_post(post_id)
    if slug != found.slug:
        return redirect(url_for("blog.post", post_id=found.id, slug=found.slug), 301)
    return post_page(found, CommentForm())


@bp.get("/tags/")
def tags() -> str:
    """Every tag with the number of its posts."""
    return render_template("blog/tags.html", tags=queries.tags_with_counts())


@bp.get("/tags/<name>/")
def tag(name: str) -> str:
    """The posts with one tag."""
    found = db.session.scalar(sa.select(Tag).where(Tag.name == name)) or abort(404)
    page, counts = queries.page_of(queries.published().where(Post.tags.any(Tag.id == found.id)))
    return render_template("blog/tag.html", tag=found, page=page, counts=counts)


@bp.get("/about/")
def about() -> str:
    """What this site is."""
    return render_template("blog/about.html")


def readable_post(post_id: int) -> Post:
    """A post that the reader may see; any other does not exist as far as they can tell."""
    found = queries.post_or_404(post_id)
    if not may_read(found):
        abort(404)
    return found


def may_read(post: Post) -> bool:
    """Published posts are for everybody; the policy says who reads the others."""
    return post.is_published or current_user.has_object_permission(VIEW_POST, post)


def is_author(post: Post) -> bool:
    """Whether the reader wrote it."""
    return bool(current_user.is_authenticated and post.author_id == current_user.id)


def post_page(found: Post, form: CommentForm) -> str:
    """The page of a post, with a form that may hold an error."""
    moderator = current_user.has_permission(MODERATE_COMMENT)
    own = current_user.id if current_user.is_authenticated else None
    comments = queries.comments_of(found, all_of_them=moderator, own=own)
    return render_template(
        "blog/post.html",
        post=found,
        comments=comments,
        form=form,
        moderator=moderator,
        may_moderate_post=current_user.has_permission(CHANGE_POST),
    )
