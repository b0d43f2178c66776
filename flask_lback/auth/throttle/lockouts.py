"""Say that an account takes no more passwords for a while: to its owner, the log and listeners."""

from __future__ import annotations

from typing import Any

from flask import Flask

from ...core.pages import site_name
from ...core.translation import gettext
from ...limits.service import RateLimits
from ...mail.service import Mailer
from ...tasks.runner import TaskRunner
from ..audit.service import Audit
from ..mails.destinations import page_url_or_none
from ..signals import user_locked_out
from ..users.directory import Directory
from ..users.identity import address_of, greeting_of

#: How often the same account is spoken of, and its owner is mailed.
_SAID = "1 per 15 minutes"
_MAILED = "1 per day"


class Lockouts:
    """Reports lockouts; whoever tries a password cannot tell from it whether there is an account.

    Known and unknown names take the same steps in the request. The rest is done in the background.
    """

    def __init__(
        self,
        app: Flask,
        limits: RateLimits,
        audit: Audit,
        directory: Directory,
        mailer: Mailer,
        runner: TaskRunner,
    ) -> None:
        self._app = app
        self._limits = limits
        self._audit = audit
        self._directory = directory
        self._mailer = mailer
        self._runner = runner

    def report(self, user: Any, who: str, identifier: str | None) -> None:
        """Take note that an attempt was refused.

        :param user: the account, or None for a name that nobody has.
        :param who: what its attempts are counted under.
        """
        if not self._limits.allows(_SAID, "lockout", who):
            return
        typed = {} if identifier is None else {"identifier": identifier[:254]}
        self._audit.refuse("auth.locked_out", user, **typed)
        mailed = self._limits.allows(_MAILED, "lockout-mail", who)
        key = None if user is None else user.get_id()
        link = page_url_or_none("request_reset_password") if mailed else None
        self._runner.run_later(self._tell, key, link, mailed)

    def _tell(self, key: str | None, link: str | None, mailed: bool) -> None:
        user = None if key is None else self._directory.by_key(key)
        if user is None:
            return
        user_locked_out.emit(self, user=user)
        if mailed and user.is_active and (address := address_of(user)):
            subject = gettext("Too many wrong passwords for your account")
            self._mailer.send_template(
                address,
                f"{subject} - {site_name(self._app)}",
                "lback/mail/account_locked",
                user_name=greeting_of(user),
                link=link,
            )
