"""The blog in the admin panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_lback.admin import ModelAdmin, TabularInline, action, register

from .models import Comment, CommentStatus, Post, PostStatus, Tag
from .roles import MODERATE_COMMENT
from .wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Request


class CommentInline(TabularInline):
    """What readers said, moderated on the page of their post. Nobody edits their words."""

    model = Comment
    fields = ("author", "body", "status")
    readonly_fields = ("author", "body")
    ordering = ("created_at",)
    show_change_link = True

    def has_add_permission(self, request: Request, obj: Post | None = None) -> bool:
        """Comments are written by readers."""
        return False


@register(Post)
class PostAdmin(ModelAdmin):
    """Posts, newest first."""

    icon = "post"
    list_display = ("title", "author", "status", "published_at", "minutes")
    list_editable = ("status",)
    list_filter = ("status", "tags")
    date_hierarchy = "published_at"
    search_fields = ("title", "summary", "author.username")
    ordering = ("-published_at",)
    list_select_related = ("author",)
    readonly_fields = ("summary", "minutes", "created_at", "updated_at")
    fieldsets = (
        ("Post", {"fields": ("title", "body", "tags")}),
        ("Publishing", {"fields": ("status", "published_at", "author"), "classes": ("side",)}),
        (
            "Facts",
            {
                "fields": ("summary", "minutes", "created_at", "updated_at"),
                "description": "The summary is the first paragraph of the text.",
                "classes": ("side",),
            },
        ),
    )
    autocomplete_fields = ("author", "tags")
    inlines = (CommentInline,)
    actions = ("hide",)

    @action(description="Hide from readers")
    def hide(self, request: Request, posts: Sequence[Post]) -> str:
        """Drafts stay drafts."""
        published = [post for post in posts if post.is_published]
        for post in published:
            post.status = PostStatus.HIDDEN
        return f"{counted(len(published), 'post')} hidden."


@register(Comment)
class CommentAdmin(ModelAdmin):
    """Comments, newest first."""

    icon = "chat"
    list_display = ("__str__", "author", "post", "status", "created_at")
    list_filter = ("status",)
    search_fields = ("body", "author.username")
    ordering = ("-created_at",)
    list_select_related = ("author", "post")
    readonly_fields = ("created_at", "updated_at")
    exclude = ("body_html",)
    actions = ("show", "hide")

    def get_readonly_fields(self, request: Request, obj: Comment | None = None) -> Sequence[str]:
        """Nobody puts words into another mouth: author and post stay once they are chosen."""
        return self.readonly_fields if obj is None else ("post", "author", *self.readonly_fields)

    @action(description="Show", permissions=[MODERATE_COMMENT])
    def show(self, request: Request, comments: Sequence[Comment]) -> str:
        """For those that waited, and those hidden by mistake."""
        for comment in comments:
            comment.status = CommentStatus.SHOWN
        return f"{counted(len(comments), 'comment')} shown."

    @action(description="Hide", permissions=[MODERATE_COMMENT])
    def hide(self, request: Request, comments: Sequence[Comment]) -> str:
        """They keep their place below the post."""
        for comment in comments:
            comment.status = CommentStatus.HIDDEN
        return f"{counted(len(comments), 'comment')} hidden."


@register(Tag)
class TagAdmin(ModelAdmin):
    """The words that posts are found by."""

    icon = "tag"
    list_display = ("name",)
    search_fields = ("name",)
    ordering = ("name",)
    fields = ("name",)
