"""The addresses of the Django contender."""

# mypy: disable-error-code="import-not-found"
from __future__ import annotations

from django.contrib import admin
from django.urls import path

urlpatterns = [path("admin/", admin.site.urls)]
