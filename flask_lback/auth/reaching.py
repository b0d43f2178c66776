"""The models of the present application."""

from __future__ import annotations

from typing import Any

from flask import has_app_context

from ..core.state import current_state
from ..exceptions import NotInstalledError
from .models import Models


def get_models() -> Models:
    """The user class and its companions, inside an application.

    :raises NotInstalledError: there is no application; each has a user class of its own.
    """
    if not has_app_context():
        raise NotInstalledError(
            "There is no application here, and so no user model.",
            "Ask inside a view, a command or `with app.app_context()`. Where a module is imported, "
            "name your user class; a form takes `model = get_user_model`, without the brackets.",
        )
    return current_state()[Models]


def get_user_model() -> type[Any]:
    """The user class, inside an application; its proxy, when that is the user model.

    :raises NotInstalledError: there is no application.
    """
    return get_models().user_class
