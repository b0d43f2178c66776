"""The list of people, a person's page, and the editor of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, url_for

from flask_lback.auth import current_user, login_required

from ..blog import queries
from ..extensions import db
from ..models import Post, PostStatus, User
from .forms import ProfileForm

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

bp = Blueprint("profiles", __name__)

PEOPLE_PER_PAGE = 24


@bp.get("/people/")
def people() -> str:
    """Everybody who has published something, with the number of posts."""
    counts = (
        sa.select(Post.author_id, sa.func.count().label("total"))
        .where(Post.status == PostStatus.PUBLISHED)
        .group_by(Post.author_id)
        .subquery()
    )
    query = (
        sa.select(User)
        .join(counts, counts.c.author_id == User.id)
        .order_by(User.first_name, User.last_name, User.id)
    )
    page = db.paginate(query, per_page=PEOPLE_PER_PAGE, max_per_page=PEOPLE_PER_PAGE)
    ids = [user.id for user in page.items]
    rows = db.session.execute(sa.select(counts).where(counts.c.author_id.in_(ids)))
    totals = {row.author_id: row.total for row in rows}
    return render_template("profiles/people.html", page=page, totals=totals)


@bp.get("/people/<username>/")
def person(username: str) -> str:
    """Somebody's public page."""
    user = db.session.scalar(sa.select(User).where(User.username == username))
    if user is None or not user.is_active:
        abort(404)
    page, counts = queries.page_of(queries.published().where(Post.author_id == user.id))
    return render_template("profiles/person.html", person=user, page=page, counts=counts)


@bp.route("/profile/", methods=["GET", "POST"])
@login_required
def edit() -> ResponseReturnValue:
    """Change one's own profile."""
    user = db.session.get_one(User, current_user.id)
    form = ProfileForm(obj=user)
    if not form.validate_on_submit():
        return render_template("profiles/edit.html", form=form), 400 if form.errors else 200
    form.populate_obj(user)
    db.session.commit()
    flash("Your profile is saved.", "ok")
    return redirect(url_for("profiles.person", username=user.username), 303)
