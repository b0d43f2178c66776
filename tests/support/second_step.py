"""A phone with an authenticator app, and people who have set one up."""

from __future__ import annotations

import re
from email.message import EmailMessage
from typing import Any

import pyotp
from werkzeug.test import TestResponse

from flask_lback.auth.two_factor.service import TwoFactor
from flask_lback.core import clock
from flask_lback.core.state import state_of
from flask_lback.testing.kit import outbox_of

from .apps import Site
from .visitor import Visitor, errors_of

VERIFY = "/auth/two-factor/verify/"
SETUP = "/auth/two-factor/setup/"
_SENT = re.compile(r"\b(\d{3}) (\d{3})\b")
_KEY = re.compile(r"<code[^>]*>([A-Z2-7 ]+)</code>")
_RECOVERY = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")


def app_code(secret: str, ahead: int = 0) -> str:
    """What the app shows, or will show in so many steps.

    A step counts once: the one that confirmed the app is used up, and the next one is accepted
    already.
    """
    return pyotp.TOTP(secret).at(int(clock.timestamp()) + 30 * ahead)


def with_app(site: Site, name: str = "maya", **fields: Any) -> tuple[str, list[str]]:
    """Make an account that has set an app up; its secret and its recovery codes."""
    site.add_user(name, **fields)
    return set_up_app(site, name)


def set_up_app(site: Site, name: str = "maya") -> tuple[str, list[str]]:
    """Set an app up for an account; its secret and its recovery codes."""
    with site.app.test_request_context():
        service, user = state_of(site.app)[TwoFactor], site.user(name)
        secret = service.begin(user, "totp")
        assert secret is not None
        return secret.text, service.confirm(user, "totp", app_code(secret.text))


def set_up_mail(site: Site, name: str = "maya") -> None:
    """Have an account sent a code by mail whenever it signs in."""
    with site.app.test_request_context():
        service, user = state_of(site.app)[TwoFactor], site.user(name)
        service.begin(user, "email")
        service.confirm(user, "email", mailed_code(site))


def second_step(visitor: Visitor, code: str, method: str = "totp", **fields: Any) -> TestResponse:
    """Fill the form of the second step."""
    return visitor.submit(f"{VERIFY}?method={method}", code=code, method=method, **fields)


def mailed_code(site: Site) -> str:
    """The code in the last mail."""
    found = _SENT.search(text_of(outbox_of(site.app)[-1]))
    assert found is not None
    return "".join(found.groups())


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text


def shown_key(page: TestResponse) -> str:
    """The key that the set-up page shows, for typing by hand."""
    found = _KEY.search(page.text)
    assert found is not None, errors_of(page.text)
    return found[1].replace(" ", "")


def shown_codes(page: TestResponse) -> list[str]:
    """The recovery codes on a page."""
    return _RECOVERY.findall(page.text.partition("data:text")[0])
