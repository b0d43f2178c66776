"""Second factors, as a part of the accounts feature."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from ...core.feature import Plan
from ...core.state import State
from ...exceptions import ConfigError, MissingExtraError
from ...forms.base import Form
from ...mail.service import Mailer
from ..entrance import Entrance
from ..models import Models
from ..part import Part
from ..second_factors import SecondFactors, Way
from ..sessions.service import SessionManager
from ..settings import AuthSettings
from . import promotions
from .apps import TOTP, AuthenticatorApps
from .challenges import Challenges
from .enforcement import Enforcement, named
from .forms import RecoveryCodesForm, SecondStepForm, SetupForm, TwoFactorForm
from .gate import ClosedGate, TwoFactorGate
from .mails import TwoFactorMails
from .recovery import RECOVERY, RecoveryCodes
from .rows import FactorRows
from .sent import EMAIL, SentCodes
from .service import TwoFactor, label_of
from .settings import TwoFactorSettings
from .vault import Vault

_PREFIX = "LBACK_AUTH_TWO_FACTOR"
_LIBRARIES = ("pyotp", "segno", "cryptography")
_OWN = (TOTP, EMAIL, RECOVERY)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,19}")


class TwoFactorPart(Part):
    """Brings :class:`TwoFactor`, its pages, and the gate before every account."""

    name = "two_factor"
    settings = (TwoFactorSettings,)
    forms: ClassVar[Mapping[str, type[Form]]] = {
        "two_factor": TwoFactorForm,
        "two_factor_setup": SetupForm,
        "two_factor_verify": SecondStepForm,
        "recovery_codes": RecoveryCodesForm,
    }

    def plan(self, plan: Plan) -> None:
        """Make the services; other parts offer their ways in the plans that follow."""
        state, settings = plan.state, plan.settings(TwoFactorSettings)
        factors = state.add(SecondFactors())
        enforcement = Enforcement(settings, plan.settings(AuthSettings).superuser_group)
        rows = FactorRows(state[SQLAlchemy], state[Models])
        if not _is_on(settings, enforcement):
            if settings.enabled is None:
                state[Entrance].put_up(ClosedGate(rows))
            return
        service = _service(plan, settings, rows, enforcement)
        state.add(Challenges(state, service))
        for name in settings.methods:
            has, counts = partial(service.has, method=name), name != RECOVERY
            page = "lback_auth.two_factor_verify"
            factors.offer(Way(name, label_of(name), page, has, counts=counts))
        state[Entrance].put_up(TwoFactorGate(state, enforcement))
        if enforcement.is_on:
            state.add(promotions.Promotions(state[Models], state[SessionManager], enforcement))

    def install(self, app: Flask, state: State) -> None:
        """Let templates ask whether this part is on: ``lback_two_factor``, or None."""
        app.jinja_env.globals["lback_two_factor"] = state.get(TwoFactor)
        if promotions.Promotions in state:
            promotions.watch(state[SQLAlchemy])


def _listed(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last} are" if others else f"{last} is"


def _is_on(settings: TwoFactorSettings, enforcement: Enforcement) -> bool:
    missing = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
    wanted = settings.enabled or (settings.enabled is None and enforcement.is_on)
    if wanted and missing:
        raise MissingExtraError(
            f"The second factor is wanted, and {_listed(missing)} not installed.",
            'Run `pip install "flask-lback[two-factor]"`.',
        )
    if settings.enabled is False and enforcement.is_on:
        raise ConfigError(
            f"{_PREFIX}_REQUIRED asks for a second factor, and {_PREFIX}_ENABLED is off.",
            "Take one of the two out of the configuration.",
        )
    return settings.enabled is not False and not missing


def _service(
    plan: Plan, settings: TwoFactorSettings, rows: FactorRows, enforcement: Enforcement
) -> TwoFactor:
    state, vault = plan.state, Vault(plan.app)
    db, models = state[SQLAlchemy], state[Models]
    mails = TwoFactorMails(plan.app, state[Mailer])
    senders = _senders(settings)
    senders[EMAIL] = lambda user, code: mails.code(user, code, settings.sent_code_minutes)
    return state.add(
        TwoFactor(
            state,
            rows=rows,
            apps=AuthenticatorApps(plan.app, rows, settings, vault),
            sent=SentCodes(db, models, settings, vault, senders),
            recovery=RecoveryCodes(db, models, vault),
            mails=mails,
            enforcement=enforcement,
        )
    )


def _senders(settings: TwoFactorSettings) -> dict[str, Any]:
    key = f"{_PREFIX}_SENDERS"
    senders = {}
    for name, given in settings.senders.items():
        senders[name] = named(key, given)
        if name in _OWN or not _NAME.fullmatch(name) or not callable(senders[name]):
            raise ConfigError(
                f"{key} has {name!r}: {given!r}.",
                "Give functions by names of their own, such as {'sms': send}.",
            )
    for name in settings.methods:
        if name not in (*_OWN, *senders):
            raise ConfigError(
                f"{_PREFIX}_METHODS names {name!r}.",
                f"Use 'totp', 'email', 'recovery' and the names in {key}.",
            )
    if not set(settings.methods) - {RECOVERY}:
        raise ConfigError(
            f"{_PREFIX}_METHODS names no way that counts.", f"Or set {_PREFIX}_ENABLED to False."
        )
    return senders
