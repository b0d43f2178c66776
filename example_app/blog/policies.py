"""Who reads, changes and deletes a post: its author, and moderators unless it is a draft."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from ..extensions import lback
from ..models import Post, PostStatus
from ..roles import CHANGE_POST, DELETE_POST

if TYPE_CHECKING:
    from ..models import User

#: What lets one do with other people's posts what their authors do.
FOR_OTHERS = {"view": CHANGE_POST, "change": CHANGE_POST, "delete": DELETE_POST}


@lback.permissions.policy(Post)
class PostPolicy:
    """Drafts are nobody else's; every member reads what is published."""

    def view(self, user: User, post: Post) -> bool:
        """Published posts, own ones, and hidden ones for moderators."""
        return post.is_published or self._may(user, post, "view")

    def change(self, user: User, post: Post) -> bool:
        """Own posts; moderators change those that were published."""
        return self._may(user, post, "change")

    def delete(self, user: User, post: Post) -> bool:
        """Own posts; administrators delete those that were published."""
        return self._may(user, post, "delete")

    def scope(
        self, select: sa.Select[tuple[Post]], user: User, action: str
    ) -> sa.Select[tuple[Post]]:
        """The same of a whole query."""
        reached: sa.ColumnElement[bool] = Post.author_id == user.id
        if action == "view":
            reached |= Post.status == PostStatus.PUBLISHED
        if user.has_permission(FOR_OTHERS.get(action, CHANGE_POST)):
            reached |= Post.status != PostStatus.DRAFT
        return select.where(reached)

    def _may(self, user: User, post: Post, action: str) -> bool:
        if post.author_id == user.id:
            return True
        return post.status is not PostStatus.DRAFT and user.has_permission(FOR_OTHERS[action])
