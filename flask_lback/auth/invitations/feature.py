"""Invitations, as a part of the accounts feature."""

from __future__ import annotations

from typing import ClassVar

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from ...core.feature import Plan
from ...core.signals import database_initialized, database_migrated
from ...core.state import State
from ...limits.service import RateLimits
from ...mail.service import Mailer
from ..accounts import Accounts
from ..audit.service import Audit
from ..current import resolve
from ..models import Models
from ..part import Part
from ..settings import AuthSettings, LimitSettings
from ..users.directory import Directory
from .forms import AcceptInvitationForm, InvitationForm
from .mails import InvitationMails
from .rights import InvitationRights
from .service import Invitations
from .settings import InvitationSettings


class InvitationsPart(Part):
    """Brings :class:`Invitations` where they are on and accounts have addresses."""

    name = "invitations"
    settings = (InvitationSettings,)
    forms: ClassVar = {
        "invitations": InvitationForm,
        "accept_invitation": AcceptInvitationForm,
    }

    def plan(self, plan: Plan) -> None:
        """Make the services."""
        settings, state = plan.settings(InvitationSettings), plan.state
        if not settings.enabled or not state[Directory].has_email:
            return
        db, models = state[SQLAlchemy], state[Models]
        rights = state.add(InvitationRights(db, models, plan.settings(AuthSettings)))
        state.add(
            Invitations(
                db,
                models,
                settings,
                state[Directory],
                state[Accounts],
                rights,
                state[Audit],
                InvitationMails(plan.app, state[Mailer], settings.days),
                state[RateLimits],
                plan.settings(LimitSettings),
            )
        )

    def install(self, app: Flask, state: State) -> None:
        """Make the permission with the tables; let templates ask ``lback_may_invite()``."""
        rights = state.get(InvitationRights)
        if rights is None:
            return
        for signal in (database_initialized, database_migrated):
            signal.connect(rights.declare, app)
        app.jinja_env.globals["lback_may_invite"] = lambda: rights.may_invite(resolve())
