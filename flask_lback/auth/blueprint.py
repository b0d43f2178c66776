"""The blueprints of the accounts: their views answer in an orderly way when a database is busy."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask
from flask.blueprints import BlueprintSetupState
from flask.typing import RouteCallable
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import DBAPIError

from ..core.errors import Problem
from ..core.state import current_state
from ..core.translation import gettext
from ..db.contention import is_contention

_RETRY_SECONDS = 1


class _SetupState(BlueprintSetupState):
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: RouteCallable | None = None,
        **options: Any,
    ) -> None:
        orderly = None if view_func is None else _orderly(view_func)
        super().add_url_rule(rule, endpoint, orderly, **options)


class AccountBlueprint(Blueprint):
    """A blueprint whose views answer 503 with ``Retry-After`` when they lost a deadlock.

    Whoever is told so may simply try again: what they wanted was not done.
    """

    def make_setup_state(
        self, app: Flask, options: dict[str, Any], first_registration: bool = False
    ) -> BlueprintSetupState:
        """As any blueprint's, but that it wraps the views; those that `record` adds, too."""
        return _SetupState(self, app, options, first_registration)


def _orderly(view: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Any:
        try:
            return view(*args, **kwargs)
        except DBAPIError as error:
            if not is_contention(error):
                raise
            current_state()[SQLAlchemy].session.rollback()
            raise Problem(
                503,
                "busy",
                gettext("Somebody changed the same thing at this moment. Try again."),
                headers={"Retry-After": str(_RETRY_SECONDS)},
            ) from error

    return answer
