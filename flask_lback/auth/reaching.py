"""The models of the present application."""

from __future__ import annotations

from typing import Any

from ..core.state import current_state
from .models import Models


def get_models() -> Models:
    """The user class and its companions, inside an application."""
    return current_state()[Models]


def get_user_model() -> type[Any]:
    """The user class, inside an application."""
    return get_models().User
