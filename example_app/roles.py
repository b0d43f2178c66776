"""Who may do what: the rights of this site and the three groups that hold them."""

from __future__ import annotations

from .extensions import lback

PUBLISH_POST = "blog.publish_post"
MODERATE_COMMENT = "blog.moderate_comment"
ADD_POST, VIEW_POST = "blog.add_post", "blog.view_post"
CHANGE_POST, DELETE_POST = "blog.change_post", "blog.delete_post"
ADD_COMMENT = "blog.add_comment"

MEMBERS, MODERATORS, ADMINISTRATORS = "Members", "Moderators", "Administrators"

lback.permissions.define(PUBLISH_POST, "Publish own posts")
lback.permissions.define(MODERATE_COMMENT, "Show and hide comments")

member_rights = [ADD_POST, PUBLISH_POST, ADD_COMMENT]
moderator_rights = [
    MODERATE_COMMENT,
    CHANGE_POST,
    VIEW_POST,
    "blog.view_comment",
    "blog.change_comment",
]
administrator_rights = [
    DELETE_POST,
    "blog.delete_comment",
    *(f"blog.{action}_tag" for action in ("view", "add", "change", "delete")),
    *(f"blog.{action}_user" for action in ("view", "add", "change")),
    *(f"auth.{action}_group" for action in ("view", "add", "change")),
    "auth.view_permission",
]

lback.permissions.declare_group(
    MEMBERS,
    permissions=member_rights,
    description="Everybody with an account: write, publish, comment",
    is_default=True,
)
lback.permissions.declare_group(
    MODERATORS,
    permissions=[*member_rights, *moderator_rights],
    description="Keep the conversation friendly",
)
lback.permissions.declare_group(
    ADMINISTRATORS,
    permissions=[*member_rights, *moderator_rights, *administrator_rights],
    description="Run the site",
)
