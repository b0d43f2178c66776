"""The page of the Django contender."""

# mypy: disable-error-code="import-not-found,untyped-decorator"
from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import path

from .peers import CHECKS


@login_required
def home(request: Any) -> HttpResponse:
    """Ask ten permissions, answer with the name."""
    allowed = [name for name in CHECKS if request.user.has_perm(name)]
    return HttpResponse(f"hello {request.user.username}" if len(allowed) == len(CHECKS) else "no")


urlpatterns = [path("", home)]
