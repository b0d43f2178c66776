"""The blueprints of the accounts: their views answer in an orderly way when a database is busy."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from flask.sansio.app import App
from flask.typing import RouteCallable
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import DBAPIError

from ..core.errors import Problem
from ..core.state import current_state, state_of
from ..core.translation import gettext
from ..db.contention import is_contention
from ..exceptions import ConfigError
from .settings import AuthSettings

_RETRY_SECONDS = 1
#: Pages that serve people who are not signed in, and do not sign them in either.
_SIGNED_OUT = frozenset(
    {"register", "verify_email", "resend_verification", "request_reset_password", "reset_password"}
    | {"confirm_email", "accept_invitation"}
)


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


class _SignedOutState(_SetupState):
    def add_url_rule(self, rule: str, endpoint: str | None = None, *args: Any, **kw: Any) -> None:
        view = args[0] if args else kw.get("view_func")
        if (endpoint or getattr(view, "__name__", None)) in _SIGNED_OUT:
            super().add_url_rule(rule, endpoint, *args, **kw)


class AccountBlueprint(Blueprint):
    """A blueprint whose views answer 503 with ``Retry-After`` when they lost a deadlock.

    Whoever is told so may simply try again: what they wanted was not done.
    """

    def make_setup_state(
        self, app: App, options: dict[str, Any], first_registration: bool = False
    ) -> BlueprintSetupState:
        """As any blueprint's, but that it wraps the views; those that `record` adds, too.

        :raises ConfigError: it would get another name, by which no page finds another.
        """
        state = self.state_for(app, options, first_registration)
        if state.name_prefix or state.name != self.name:
            name = f"{state.name_prefix}.{state.name}".lstrip(".")
            raise ConfigError(
                f"The blueprint {self.name!r} cannot be registered as {name!r}: pages, mails and "
                f"templates link to {self.name}.*.",
                "Register it on the application, without name=; url_prefix= says where it is.",
            )
        return state

    def state_for(
        self, app: App, options: dict[str, Any], first_registration: bool
    ) -> BlueprintSetupState:
        """What adds its routes to that application."""
        return _SetupState(self, app, options, first_registration)


class PageBlueprint(AccountBlueprint):
    """The account pages. Those that are of use to a session alone are left out where it is off."""

    def state_for(
        self, app: App, options: dict[str, Any], first_registration: bool
    ) -> BlueprintSetupState:
        """As before, for what the application accepts."""
        if "session" in state_of(app)[AuthSettings].mechanisms:  # type: ignore[arg-type]
            return super().state_for(app, options, first_registration)
        return _SignedOutState(self, app, options, first_registration)


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
