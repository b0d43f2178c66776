"""Commenting, and the moderators' page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import abort, current_app, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import joinedload

from flask_lback.auth import current_user
from flask_lback.permissions import permission_required

from ..extensions import db
from ..models import Comment, CommentStatus, Post
from ..roles import ADD_COMMENT, MODERATE_COMMENT
from .blueprint import bp
from .forms import CommentForm
from .queries import NAMES
from .reading import post_page, readable_post

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

#: What a moderator's button says, and what it does.
DECISIONS = {"show": CommentStatus.SHOWN, "hide": CommentStatus.HIDDEN}


@bp.post("/posts/<int:post_id>/comments/")
@permission_required(ADD_COMMENT)
def add_comment(post_id: int) -> ResponseReturnValue:
    """Say something below a post."""
    post = readable_post(post_id)
    if not post.is_published:
        abort(404)
    form = CommentForm()
    if not form.validate_on_submit():
        return post_page(post, form), 400
    status = CommentStatus.WAITING if _is_held() else CommentStatus.SHOWN
    comment = Comment(
        post_id=post.id, author_id=current_user.id, body=form.body.data, status=status
    )
    db.session.add(comment)
    db.session.commit()
    if status is CommentStatus.WAITING:
        flash("Thank you. Your first comment is shown once a moderator has read it.", "info")
    return redirect(_address(post, comment), 303)


@bp.get("/moderation/")
@permission_required(MODERATE_COMMENT)
def moderation() -> str:
    """Comments that wait, and those that were hidden."""
    try:
        status = CommentStatus(request.args.get("status", CommentStatus.WAITING))
    except ValueError:
        abort(404)
    newest = status is not CommentStatus.WAITING
    query = (
        sa.select(Comment)
        .where(Comment.status == status)
        .options(
            joinedload(Comment.author).load_only(*NAMES),
            joinedload(Comment.post).load_only(Post.title),
        )
        .order_by(Comment.created_at.desc() if newest else Comment.created_at, Comment.id)
    )
    page = db.paginate(query, per_page=current_app.config["COMMENTS_PER_PAGE"], max_per_page=100)
    counted = sa.select(Comment.status, sa.func.count().label("total")).group_by(Comment.status)
    totals = {row.status: row.total for row in db.session.execute(counted)}
    return render_template("blog/moderation.html", page=page, status=status, totals=totals)


@bp.post("/comments/<int:comment_id>/decision/")
@permission_required(MODERATE_COMMENT)
def decide(comment_id: int) -> ResponseReturnValue:
    """Show or hide a comment."""
    comment = db.session.get(Comment, comment_id) or abort(404)
    status = DECISIONS.get(request.form.get("decision", "")) or abort(400)
    came_from = comment.status
    comment.status = status
    db.session.commit()
    if request.form.get("back") == "queue":
        flash("Comment shown." if status is CommentStatus.SHOWN else "Comment hidden.", "ok")
        return redirect(url_for("blog.moderation", status=came_from.value), 303)
    return redirect(_address(comment.post, comment), 303)


def _is_held() -> bool:
    """A first comment waits, unless its author could show it themselves."""
    if not current_app.config["HOLD_FIRST_COMMENT"]:
        return False
    if current_user.has_permission(MODERATE_COMMENT):
        return False
    earlier = sa.select(Comment.id).where(
        Comment.author_id == current_user.id, Comment.status == CommentStatus.SHOWN
    )
    return db.session.scalar(earlier.limit(1)) is None


def _address(post: Post, comment: Comment) -> str:
    anchor = f"comment-{comment.id}"
    return url_for("blog.post", post_id=post.id, slug=post.slug, _anchor=anchor)
