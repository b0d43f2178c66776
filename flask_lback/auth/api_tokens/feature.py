"""API tokens, as a part of the accounts feature."""

from __future__ import annotations

from typing import ClassVar

from flask_sqlalchemy import SQLAlchemy

from ...core.feature import Plan
from ...mail.service import Mailer
from ..audit.service import Audit
from ..models import Models
from ..part import Part
from ..tokens.credentials import ApiTokenReader
from .format import TokenFormat
from .forms import TokenForm
from .mails import ApiTokenMails
from .service import ApiTokens
from .settings import ApiTokenSettings


class ApiTokensPart(Part):
    """Brings tokens for programs; when they are off, none that was made opens anything."""

    name = "api_tokens"
    settings = (ApiTokenSettings,)
    forms: ClassVar = {"tokens": TokenForm}

    def plan(self, plan: Plan) -> None:
        """Make the services."""
        settings, state = plan.settings(ApiTokenSettings), plan.state
        if not settings.enabled:
            return
        mails = ApiTokenMails(plan.app, state[Mailer])
        state.add(ApiTokens(state[SQLAlchemy], state[Models], settings, state[Audit], mails))
        state.add(TokenFormat(settings.starts_with), ApiTokenReader)
