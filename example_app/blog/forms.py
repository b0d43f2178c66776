"""The forms of posts and comments."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from flask_wtf import FlaskForm
from wtforms import Field, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, Length, Optional

from ..extensions import db
from ..models import COMMENT_LENGTH, TITLE_LENGTH, Tag

BODY_LENGTH = 100_000
TAG_LENGTH, TAGS_PER_POST = 40, 6


def stripped(value: Any) -> Any:
    """Spaces around what was typed mean nothing."""
    return value.strip() if isinstance(value, str) else value


def split_tags(text: str) -> list[str]:
    """``Night Trains, sqlite`` becomes ``night-trains`` and ``sqlite``."""
    words = (re.sub(r"[^\w]+", "-", word.strip().lower()).strip("-") for word in text.split(","))
    return list(dict.fromkeys(word for word in words if word))


class PostForm(FlaskForm):
    """Writing a post. Which button was pressed decides whether it is published."""

    title = StringField(
        "Title",
        [
            DataRequired("Give the post a title."),
            Length(max=TITLE_LENGTH, message="Use at most %(max)d characters."),
        ],
        filters=[stripped],
        render_kw={"autocomplete": "off", "maxlength": TITLE_LENGTH},
    )
    body = TextAreaField(
        "Text",
        [
            DataRequired("Write something first."),
            Length(max=BODY_LENGTH, message="Use at most %(max)d characters."),
        ],
        description="Markdown works: ## heading, *emphasis*, > quotation, - list, ``` code.",
        render_kw={"rows": 18},
    )
    tags = StringField(
        "Tags",
        [Optional(), Length(max=300, message="Use at most %(max)d characters.")],
        filters=[stripped],
        description=f"Up to {TAGS_PER_POST} words with commas between: trains, letters.",
        render_kw={"autocomplete": "off"},
    )

    def validate_tags(self, field: Field) -> None:
        words = split_tags(field.data or "")
        if len(words) > TAGS_PER_POST:
            raise ValidationError(f"Use at most {TAGS_PER_POST} tags; there are {len(words)}.")
        if long := next((word for word in words if len(word) > TAG_LENGTH), None):
            raise ValidationError(f"The tag {long[:20]}… is longer than {TAG_LENGTH} characters.")

    def chosen_tags(self) -> list[Tag]:
        """The tags, made where they are new."""
        words = split_tags(self.tags.data or "")
        known = {
            tag.name: tag for tag in db.session.scalars(sa.select(Tag).where(Tag.name.in_(words)))
        }
        return [known.get(word) or Tag(name=word) for word in words]


class CommentForm(FlaskForm):
    """Saying something below a post."""

    body = TextAreaField(
        "Your comment",
        [
            DataRequired("Write something first."),
            Length(max=COMMENT_LENGTH, message="Use at most %(max)d characters."),
        ],
        filters=[stripped],
        description="Markdown works.",
        render_kw={"rows": 3, "placeholder": "What would you like to say?"},
    )
