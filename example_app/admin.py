"""The blog in the admin panel."""

from __future__ import annotations

from flask_lback.admin import ModelAdmin, register

from .models import Comment, Post, Tag


@register(Post)
class PostAdmin(ModelAdmin):
    """Posts, newest first."""

    list_display = ("title", "author", "status", "published_at", "minutes")
    list_filter = ("status", "tags")
    search_fields = ("title", "summary", "author.username")
    ordering = ("-published_at",)
    date_hierarchy = "published_at"
    list_select_related = ("author",)
    autocomplete_fields = ("author", "tags")
    readonly_fields = ("summary", "minutes", "created_at", "updated_at")
    exclude = ("body_html", "comments")
    fieldsets = (
        (None, {"fields": ("title", "body", "tags")}),
        ("Publishing", {"fields": ("status", "published_at", "author")}),
        ("Facts", {"fields": ("summary", "minutes", "created_at", "updated_at")}),
    )


@register(Comment)
class CommentAdmin(ModelAdmin):
    """Comments, newest first."""

    list_display = ("body", "author", "post", "status", "created_at")
    list_filter = ("status",)
    search_fields = ("body", "author.username")
    ordering = ("-created_at",)
    list_select_related = ("author", "post")
    autocomplete_fields = ("author", "post")
    readonly_fields = ("created_at", "updated_at")
    exclude = ("body_html",)


@register(Tag)
class TagAdmin(ModelAdmin):
    """The words that posts are found by."""

    list_display = ("name",)
    search_fields = ("name",)
    ordering = ("name",)
    exclude = ("posts",)
