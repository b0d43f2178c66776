"""Sign in by mailed link, as a part of the accounts feature."""

from __future__ import annotations

from typing import ClassVar

from flask_sqlalchemy import SQLAlchemy

from ...core.feature import Plan
from ...exceptions import ConfigError
from ...mail.service import Mailer
from ...tasks.runner import TaskRunner
from ..audit.service import Audit
from ..mails.links import LinkTokens
from ..models import Models
from ..part import Part
from ..sessions.service import SessionManager
from ..users.directory import Directory
from .forms import MagicLinkForm, RequestMagicLinkForm
from .mails import MagicLinkMails
from .service import MagicLinks
from .settings import MagicLinkSettings


class MagicLinksPart(Part):
    """Brings links that sign in, where they are on."""

    name = "magic_links"
    settings = (MagicLinkSettings,)
    forms: ClassVar = {"request_magic_link": RequestMagicLinkForm, "magic_link": MagicLinkForm}

    def plan(self, plan: Plan) -> None:
        """Make the services.

        :raises ConfigError: accounts have no address that a link could be sent to.
        """
        settings, state = plan.settings(MagicLinkSettings), plan.state
        if not settings.enabled:
            return
        if not state[Directory].has_email:
            raise ConfigError(
                f"LBACK_AUTH_MAGIC_LINK_ENABLED is set, and {state[Models].User.__name__} has no "
                "address.",
                "Derive it from EmailMixin as well, or leave the setting out.",
            )
        state.add(
            MagicLinks(
                plan.app,
                state[SQLAlchemy],
                state[Models],
                settings,
                state[Directory],
                state[LinkTokens],
                state[SessionManager],
                state[Audit],
                MagicLinkMails(plan.app, state[Mailer]),
                state[TaskRunner],
            )
        )
