"""Known devices, as a part of the accounts feature."""

from __future__ import annotations

from flask_sqlalchemy import SQLAlchemy

from ...core.feature import Plan
from ...mail.service import Mailer
from ..audit.service import Audit
from ..models import Models
from ..part import Part
from ..sessions.service import SessionManager
from ..throttle.service import PasswordThrottle
from .mails import DeviceMails
from .service import Devices
from .settings import DeviceSettings


class DevicesPart(Part):
    """Knows the browsers of each account: for the password throttle, trust, and mails."""

    name = "devices"
    settings = (DeviceSettings,)

    def plan(self, plan: Plan) -> None:
        """Make the services, and have them asked."""
        state = plan.state
        settings = plan.settings(DeviceSettings)
        devices = state.add(Devices(state[SQLAlchemy], state[Models], settings, state[Audit]))
        sessions = state[SessionManager]
        mails = state.add(DeviceMails(plan.app, devices, sessions, state[Mailer], settings))
        sessions.on_login(mails.signed_in)
        sessions.on_revocation(devices.distrust)
        state[PasswordThrottle].recognise_by(devices.key_of)
