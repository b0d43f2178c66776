"""Passkeys, as a part of the accounts feature."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import ClassVar

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from ...core.feature import Plan
from ...core.state import State
from ...core.translation import gettext
from ...exceptions import MissingExtraError
from ...forms.base import Form
from ...limits.service import RateLimits
from ...mail.service import Mailer
from ..audit.service import Audit
from ..freshness import Proof, Proofs
from ..mails.service import AccountMails
from ..models import Models
from ..part import Part
from ..second_factors import SecondFactors, Way
from ..sessions.service import SessionManager
from ..settings import AuthSettings
from .forms import NewPasskeyForm
from .mails import PasskeyMails
from .relying_party import check_origins
from .service import Passkeys
from .settings import PasskeySettings


class PasskeysPart(Part):
    """Brings :class:`Passkeys` and their pages, when py_webauthn is installed."""

    name = "passkeys"
    settings = (PasskeySettings,)
    forms: ClassVar[Mapping[str, type[Form]]] = {"passkeys": NewPasskeyForm}

    def plan(self, plan: Plan) -> None:
        """Make the service, unless passkeys are off."""
        settings = plan.settings(PasskeySettings)
        check_origins(settings)
        if not _is_on(settings):
            return
        state = plan.state
        limits = state[RateLimits]
        passkeys = state.add(
            Passkeys(
                plan.app,
                state[SQLAlchemy],
                state[Models],
                settings,
                state[AuthSettings],
                state[Audit],
                limits,
                PasskeyMails(plan.app, state[Mailer], limits),
                state[SessionManager],
            )
        )
        state[AccountMails].list_passkeys(lambda user: [row.name for row in passkeys.of(user)])
        label, has_any = gettext("Passkey"), passkeys.has_any
        state[SecondFactors].offer(
            Way(
                *("passkey", label, "lback_auth.passkey_verify", has_any),
                counts=settings.second_factor,
            )
        )
        page, button = "lback_auth.passkey_reauthenticate", gettext("Use a passkey")
        state[Proofs].offer(Proof("passkey", button, page, has_any))

    def install(self, app: Flask, state: State) -> None:
        """Let templates ask whether passkeys are on: ``lback_passkeys`` is the service, or None."""
        app.jinja_env.globals["lback_passkeys"] = state.get(Passkeys)


def _is_on(settings: PasskeySettings) -> bool:
    if settings.enabled is False:
        return False
    installed = importlib.util.find_spec("webauthn") is not None
    if settings.enabled and not installed:
        raise MissingExtraError(
            "LBACK_AUTH_PASSKEY_ENABLED is on, and py_webauthn is not installed.",
            'Run `pip install "flask-lback[passkeys]"`.',
        )
    return installed
