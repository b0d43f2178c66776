"""Tell people about a sign-in from a browser that their account does not know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from ...core import clock
from ...core.pages import site_name
from ...core.translation import gettext
from ...mail.service import Mailer
from ..companions import UserSessionMixin
from ..mails.destinations import page_url_or_none
from ..sessions.service import SessionManager
from ..users.identity import address_of, greeting_of, has_confirmed_address
from .names import device_name
from .service import Devices
from .settings import DeviceSettings
from .signals import new_device_seen


class DeviceMails:
    """Remembers the browser of every sign-in, and mails the owner when it is a new one."""

    def __init__(
        self,
        app: Flask,
        devices: Devices,
        sessions: SessionManager,
        mailer: Mailer,
        settings: DeviceSettings,
    ) -> None:
        self._app = app
        self._devices = devices
        self._sessions = sessions
        self._mailer = mailer
        self._settings = settings

    def signed_in(
        self, user: Any, session: UserSessionMixin, *, has_cookie: bool
    ) -> Callable[[], None] | None:
        """What every sign-in does; the mail leaves once it is committed.

        A client without cookies is known by its address and its agent together.
        """
        if has_cookie:
            is_new = self._devices.remember(user)
        else:
            is_new = user.last_login_at is not None and self._sessions.is_first_of_its_kind(session)

        def afterwards() -> None:
            self._devices.carry_over()
            if is_new:
                self._tell(user, session)

        return afterwards

    def _tell(self, user: Any, session: UserSessionMixin) -> None:
        new_device_seen.emit(self, user=user, session=session, device=self._devices.recognise(user))
        if not self._settings.new_mail or not (address := address_of(user)):
            return
        subject = gettext("A new sign-in to your account")
        self._mailer.send_template(
            address,
            f"{subject} - {site_name(self._app)}",
            "lback/mail/new_device",
            user_name=greeting_of(user),
            device=device_name(session.user_agent, any_program=has_confirmed_address(user)),
            ip_address=session.ip_address,
            time=clock.now().strftime("%Y-%m-%d %H:%M"),
            link=page_url_or_none("request_reset_password"),
            sessions_link=page_url_or_none("sessions"),
        )
