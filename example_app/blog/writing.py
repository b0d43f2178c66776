"""Pages for authors."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import abort, flash, redirect, render_template, request, url_for

from flask_lback.auth import current_user, login_required
from flask_lback.permissions import permission_required, require_permission

from ..extensions import db
from ..models import Post, PostStatus
from ..roles import ADD_POST, CHANGE_POST, DELETE_POST, PUBLISH_POST
from . import queries
from .blueprint import bp
from .forms import PostForm
from .reading import is_author, readable_post

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue


@bp.route("/posts/new/", methods=["GET", "POST"])
@permission_required(ADD_POST)
def new_post() -> ResponseReturnValue:
    """Write a post."""
    form = PostForm()
    if not form.validate_on_submit():
        return _form_page(form, None)
    post = Post(author_id=current_user.id, status=PostStatus.DRAFT)
    _fill(post, form)
    db.session.add(post)
    db.session.commit()
    return _to(post)


@bp.route("/posts/<int:post_id>/edit/", methods=["GET", "POST"])
@login_required
def edit_post(post_id: int) -> ResponseReturnValue:
    """Change a post, when the policy lets one."""
    post = readable_post(post_id)
    require_permission(CHANGE_POST, obj=post)
    tags = ", ".join(tag.name for tag in post.tags)
    form = PostForm(data={"title": post.title, "body": post.body, "tags": tags})
    if not form.validate_on_submit():
        return _form_page(form, post)
    _fill(post, form)
    db.session.commit()
    return _to(post)


@bp.route("/posts/<int:post_id>/delete/", methods=["GET", "POST"])
@login_required
def delete_post(post_id: int) -> ResponseReturnValue:
    """Delete a post with its comments, after a page that says so."""
    post = readable_post(post_id)
    require_permission(DELETE_POST, obj=post)
    if request.method == "GET":
        total = queries.comment_counts([post.id]).get(post.id, 0)
        return render_template("blog/delete.html", post=post, comments=total)
    db.session.delete(post)
    db.session.commit()
    flash(f"“{post.title}” was deleted.", "ok")
    return redirect(url_for("blog.home"))


@bp.post("/posts/<int:post_id>/visibility/")
@permission_required(CHANGE_POST)
def post_visibility(post_id: int) -> ResponseReturnValue:
    """Take a post down, or put it back."""
    post = readable_post(post_id)
    if post.status is PostStatus.DRAFT:
        abort(404)
    post.status = PostStatus.HIDDEN if request.form.get("hide") else PostStatus.PUBLISHED
    db.session.commit()
    flash("The post is back." if post.is_published else "The post is hidden from readers.", "ok")
    return _to(post)


@bp.get("/drafts/")
@login_required
def drafts() -> str:
    """What the reader has written and not published, last changed first."""
    query = (
        sa.select(Post)
        .where(Post.author_id == current_user.id, Post.status == PostStatus.DRAFT)
        .order_by(Post.updated_at.desc(), Post.id.desc())
    )
    page, _ = queries.page_of(query)
    return render_template("blog/drafts.html", page=page)


def _fill(post: Post, form: PostForm) -> None:
    post.title, post.body = form.title.data or "", form.body.data or ""
    post.tags = form.chosen_tags()
    if post.status is PostStatus.HIDDEN:
        return  # its author may mend it; showing it again is for a moderator
    if request.form.get("publish") and current_user.has_permission(PUBLISH_POST):
        post.status = PostStatus.PUBLISHED
        post.published_at = post.published_at or dt.datetime.now(dt.UTC)
    elif request.form.get("draft") and is_author(post):
        post.status = PostStatus.DRAFT


def _form_page(form: PostForm, post: Post | None) -> ResponseReturnValue:
    page = render_template(
        "blog/edit.html",
        form=form,
        post=post,
        may_publish=current_user.has_permission(PUBLISH_POST),
    )
    return page, 400 if form.errors else 200


def _to(post: Post) -> ResponseReturnValue:
    """After a change the browser gets a page of its own, so that reloading repeats nothing."""
    return redirect(url_for("blog.post", post_id=post.id, slug=post.slug), 303)
