"""Export and deletion of accounts, as a part of the accounts feature."""

from __future__ import annotations

from typing import ClassVar

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from ...core.feature import Plan
from ...core.state import State
from ...mail.service import Mailer
from ..audit.service import Audit
from ..models import Models
from ..part import Part
from ..sessions.service import SessionManager
from ..signals import session_created
from .deletion import Deletions
from .erasure import Eraser, hook_of
from .export import Exports
from .forms import DeleteAccountForm, ExportDataForm
from .mails import PersonalDataMails
from .references import References
from .settings import PersonalDataSettings


class PersonalDataPart(Part):
    """Brings the export, and the deletion; what is due is deleted though the pages are off."""

    name = "personal_data"
    settings = (PersonalDataSettings,)
    forms: ClassVar = {"export_data": ExportDataForm, "delete_account": DeleteAccountForm}

    def plan(self, plan: Plan) -> None:
        """Make the services."""
        settings, state = plan.settings(PersonalDataSettings), plan.state
        db, models = state[SQLAlchemy], state[Models]
        references = References(db, models)
        mails = state.add(PersonalDataMails(plan.app, state[Mailer]))
        state.add(Exports(db, models, references))
        eraser = Eraser(db, models, settings, references, hook_of(settings.eraser))
        sessions, audit = state[SessionManager], state[Audit]
        state.add(Deletions(plan.app, db, models, settings, sessions, audit, mails, eraser))

    def install(self, app: Flask, state: State) -> None:
        """Let every sign-in, by a browser or for tokens, take the wish back."""
        session_created.connect(state[Deletions].cancel_at_sign_in, state[SessionManager])
