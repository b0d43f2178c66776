"""The panel of the Django contender."""

# mypy: disable-error-code="import-not-found,untyped-decorator,misc"
from __future__ import annotations

from django.contrib import admin

from ..admin_peers import COLUMNS, SHOWN
from .models import Article, Author

admin.site.register(Author)


@admin.register(Article)
class ArticleAdmin(admin.ModelAdmin):
    """The same columns as everybody."""

    list_display = COLUMNS
    list_select_related = ("author",)
    list_per_page = SHOWN
