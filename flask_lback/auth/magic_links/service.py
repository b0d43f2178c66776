"""Links that sign in: made, mailed, taken in once."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from flask import Flask, session
from flask_sqlalchemy import SQLAlchemy
from itsdangerous import BadData, SignatureExpired
from sqlalchemy.orm.attributes import set_committed_value

from ...core import clock
from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import TokenError
from ...tasks.runner import TaskRunner
from ..audit.service import Audit
from ..mails.destinations import page_url
from ..mails.links import VERIFY, LinkTokens, refused
from ..managers import UserManager
from ..models import Models
from ..sessions.loading import digest
from ..sessions.service import SessionManager
from ..signing import serializer
from ..users.chiefs import Chiefs
from ..users.directory import Directory
from ..users.mixins import key_name, key_of
from .mails import MagicLinkMails
from .settings import MagicLinkSettings
from .signals import magic_link_failed, magic_link_sent, magic_link_used

_PURPOSE = "magic-link"
_LONGEST = 4_000
#: Stands for the token in an address that is made before it.
_PLACE = "lback-token-here"
#: What proves that this browser asked, in Flask's session.
_BROWSER = "lback_magic_link"


@dataclass(frozen=True)
class Link:
    """What a link stands for.

    :ivar target: where its owner wanted to go when they asked for it.
    :ivar confirmed: whether its use has confirmed the address, and taken a password away.
    """

    user: Any
    target: str
    confirmed: bool = False


class MagicLinks:
    """The links of one application.

    A link is signed and names the account and its last sign-in: once the account has signed in,
    by this link or otherwise, every such link is dead. Nothing is stored.
    """

    def __init__(
        self,
        app: Flask,
        db: SQLAlchemy,
        models: Models,
        settings: MagicLinkSettings,
        directory: Directory,
        tokens: LinkTokens,
        sessions: SessionManager,
        audit: Audit,
        mails: MagicLinkMails,
        runner: TaskRunner,
    ) -> None:
        self._app = app
        self._db = db
        self._models = models
        self._settings = settings
        self._directory = directory
        self._tokens = tokens
        self._sessions = sessions
        self._audit = audit
        self._mails = mails
        self._runner = runner

    def request(self, email: str, target: str) -> None:
        """Send a link, if there is an account of that address.

        The account is looked for after the answer: the time it takes does not tell.

        :param target: where the sign-in leads; checked by the caller.
        :raises ConfigError: links cannot be built.
        """
        page, browser = page_url("magic_link", token=_PLACE), ""
        if self._settings.same_browser:
            browser = session.setdefault(_BROWSER, secrets.token_urlsafe(16))
        self._runner.run_later(self._send, email, page, digest(browser), target)

    def _send(self, email: str, page: str, browser: str, target: str) -> None:
        user = self._directory.by_email(email)
        if user is None or not user.is_active:
            return
        token = self.make(user, browser=browser, target=target)
        link = page.replace(_PLACE, quote(token, safe=""))
        self._mails.sign_in(user, link, self._settings.minutes)
        magic_link_sent.emit(self, user=user)

    def make(self, user: Any, *, browser: str = "", target: str = "") -> str:
        """The token of a link.

        :param browser: the hash of what the browser that asked holds.
        """
        payload = [user.get_id(), self._fingerprint(user), browser, target]
        return str(serializer(self._app, _PURPOSE).dumps(payload))

    def read(self, token: str) -> Link:
        """What a link stands for; it stays good.

        :raises TokenError: the same message whatever is wrong, but for another browser.
        """
        try:
            return self._read(token)
        except TokenError as error:
            magic_link_failed.emit(self, error_type=error.code)
            raise

    def use(self, token: str) -> Link:
        """Take a link in, once, and commit.

        It shows that the address is its owner's. Had nobody shown that before, whatever opens the
        account may be a stranger's, who has registered with the address: password, second
        factors, passkeys, other sites and sessions are gone then (pre-hijacking, Sudhodanan and
        Paverd 2022).

        :raises TokenError: it is not good, or was faster elsewhere.
        """
        link = self.read(token)
        user, before = link.user, link.user.last_login_at
        if not self._claim(user):
            magic_link_failed.emit(self, error_type="invalid_token")
            raise refused()
        confirms = user.email_verified_at is None
        if confirms:
            current_state()[Chiefs].forget_strangers(user)
            self._db.session.commit()
            UserManager().verify_email(self._tokens.make(VERIFY, user))
        self._db.session.commit()
        self._db.session.refresh(user)
        # What is done at a sign-in asks when the last one was; this is not yet one.
        set_committed_value(user, "last_login_at", before)
        magic_link_used.emit(self, user=user)
        return dataclasses.replace(link, confirmed=confirms)

    def _read(self, token: str) -> Link:
        try:
            if len(token) > _LONGEST:
                raise BadData("too long")
            held = serializer(self._app, _PURPOSE).loads(token, max_age=self._settings.minutes * 60)
            key, fingerprint, browser, target = map(str, held)
        except SignatureExpired as error:
            raise refused("token_expired") from error
        except (BadData, ValueError, TypeError) as error:
            raise refused() from error
        user = self._directory.by_key(key)
        if user is None or not user.is_active:
            raise refused()
        if not hmac.compare_digest(fingerprint, self._fingerprint(user)):
            raise refused()
        if self._settings.same_browser and not hmac.compare_digest(browser, _present_browser()):
            raise TokenError(
                gettext("Open this link in the browser in which you asked for it."),
                "other_browser",
            )
        return Link(user, target)

    def _fingerprint(self, user: Any) -> str:
        state = (user.email_canonical, user.password_hash, user.last_login_at)
        text = repr((_PURPOSE, key_name(type(user)), str(key_of(user)), *map(str, state)))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def _claim(self, user: Any) -> bool:
        """Whether nobody has signed in since the account was read: of two at once, one wins."""
        kind: Any = self._models.User
        result: Any = self._db.session.execute(
            sa.update(kind)
            .where(
                getattr(kind, key_name(kind)) == key_of(user),
                kind.last_login_at.is_not_distinct_from(user.last_login_at),
                kind.password_hash.is_not_distinct_from(user.password_hash),
            )
            .values(last_login_at=clock.now())
            .execution_options(synchronize_session=False)
        )
        return bool(result.rowcount)


def _present_browser() -> str:
    return digest(session[_BROWSER]) if _BROWSER in session else ""
