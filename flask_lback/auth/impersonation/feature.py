"""Seeing the site as somebody else, as a part of the accounts feature."""

from __future__ import annotations

from flask import Flask, g, render_template
from flask_sqlalchemy import SQLAlchemy
from markupsafe import Markup

from ...core.feature import Plan
from ...core.state import State
from ..audit.service import Audit
from ..current import present_impersonator
from ..models import Models
from ..part import Part
from ..sessions.loading import AccountLoader
from ..sessions.own import own_key
from ..sessions.principal import LOGIN, USER
from ..sessions.service import SessionManager
from ..settings import AuthSettings
from .service import Impersonations
from .settings import ImpersonationSettings


class ImpersonationPart(Part):
    """Brings :class:`Impersonations`, the way back, and the banner."""

    name = "impersonation"
    settings = (ImpersonationSettings,)

    def plan(self, plan: Plan) -> None:
        """Make the service."""
        state = plan.state
        state.add(
            Impersonations(
                state[SQLAlchemy],
                state[Models],
                plan.settings(AuthSettings),
                plan.settings(ImpersonationSettings),
                state[SessionManager],
                state[AccountLoader],
                state[Audit],
            )
        )

    def install(self, app: Flask, state: State) -> None:
        """Let every template draw the banner, those of applications too."""
        app.jinja_env.globals["impersonation_banner"] = impersonation_banner


def impersonation_banner(*, asks: bool = True) -> Markup:
    """Who sees the site as whom, with the button that ends it; nothing for everybody else.

    Pages of this package have it; an application's own layout calls it where its body begins.

    :param asks: False for pages that may ask nothing of the database: what is known already counts.
    """
    is_known = USER in vars(g._get_current_object())
    if not is_known and not (asks and own_key() is not None):
        return Markup()
    by, user = present_impersonator(), g.get(USER)
    if by is None and (LOGIN in g or own_key() is None):
        return Markup()
    drawn = render_template("lback/_impersonation.html", impersonator=by, impersonated=user)
    return Markup(drawn)  # noqa: S704  # nosec B704 - a template of ours, which escapes both names
