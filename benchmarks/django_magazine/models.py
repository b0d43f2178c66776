"""The models of the Django contender."""

# mypy: disable-error-code="import-not-found,misc"
from __future__ import annotations

from typing import Any

from django.db import models


class Author(models.Model):
    """Who writes."""

    name: Any = models.CharField(max_length=80)

    def __str__(self) -> str:
        return str(self.name)


class Article(models.Model):
    """What is written."""

    title: Any = models.CharField(max_length=200)
    author: Any = models.ForeignKey(Author, on_delete=models.CASCADE)
    status: Any = models.CharField(
        max_length=9, choices=[(one, one.title()) for one in ("draft", "published", "hidden")]
    )
    is_featured: Any = models.BooleanField()
    reads: Any = models.IntegerField()
    published_at: Any = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.title)
