"""Accounts that are to be deleted: the wish, the days to think again, the deed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, after_this_request, flash, has_request_context
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError

from ...core import clock
from ...core.errors import Problem, wants_json
from ...core.translation import gettext
from ..audit.service import Audit
from ..models import Models, table_of
from ..sessions.service import SessionManager
from ..sessions.standing import hold_login
from ..users.last_superuser import is_last_superuser
from ..users.mixins import key_of
from .erasure import Erased, Eraser
from .mails import PersonalDataMails
from .settings import PersonalDataSettings
from .signals import (
    account_deleted,
    account_deletion_cancelled,
    account_deletion_requested,
    user_deleted,
    user_deletion_failed,
    user_deletion_started,
)


@dataclass
class Report:
    """What a run has done."""

    deleted: int = 0
    anonymised: int = 0
    #: Keys of accounts that could not be deleted.
    failed: list[str] = field(default_factory=list)


class Deletions:
    """The accounts of one application that are about to go.

    Until then an account is as it was, but that nobody is signed in to it: signing in shows that
    its owner is there and wants it, and takes the wish back.
    """

    def __init__(
        self,
        app: Flask,
        db: SQLAlchemy,
        models: Models,
        settings: PersonalDataSettings,
        sessions: SessionManager,
        audit: Audit,
        mails: PersonalDataMails,
        eraser: Eraser,
    ) -> None:
        self._app = app
        self._db = db
        self._models = models
        self._settings = settings
        self._sessions = sessions
        self._audit = audit
        self._mails = mails
        self._eraser = eraser

    def refusal(self, user: Any, *, lock: bool = False) -> str | None:
        """Why this account cannot be deleted, None when it can.

        :param lock: see :func:`is_last_superuser`.
        """
        if not is_last_superuser(self._db, self._models, user, lock=lock):
            return None
        return gettext("This is the last superuser of the site. Make another one first.")

    def hold(self, user: Any) -> None:
        """Ask :meth:`refusal` once more, so that the answer holds until the commit.

        :raises Problem: 409 ``last_superuser``: somebody else was faster.
        """
        if refusal := self.refusal(user, lock=True):
            self._db.session.rollback()
            raise Problem(409, "last_superuser", refusal)

    def request(self, user: Any) -> dt.datetime:
        """Note the wish of an owner, end every session and token, and commit; a mail follows.

        Without days to think again the account is deleted now. The caller has asked
        :meth:`refusal`, and for a proof.

        :returns: when it is, or was, deleted.
        :raises Problem: 401, the present login has ended meanwhile; 409, every other superuser has
            gone meanwhile.
        """
        self.hold(user)
        hold_login(user)
        due_at = clock.now() + dt.timedelta(days=self._settings.grace_days)
        if self._settings.grace_days == 0:
            self._audit.record("auth.deletion_requested", user)
            self._finish(user)
            return due_at
        self._db.session.add(self._models.AccountDeletion(owner=user, due_at=due_at))
        try:
            self._db.session.flush()
        except IntegrityError:  # the same wish was faster elsewhere, and has done the rest
            self._db.session.rollback()
            return due_at
        self._audit.record("auth.deletion_requested", user, due_at=due_at.isoformat())
        self._sessions.end_everything(user)
        self._db.session.commit()
        account_deletion_requested.emit(self, user=user, due_at=due_at)
        self._mails.deletion_requested(user, due_at)
        return due_at

    def delete(self, user: Any) -> None:
        """Delete an account now, whatever its owner wishes, and commit.

        :raises Problem: 409, it is the last superuser.
        """
        self.hold(user)
        self._finish(user)

    def cancel(self, user: Any) -> bool:
        """Take the wish back; the caller commits, and calls :meth:`tell_cancelled` then.

        :returns: whether there was one.
        """
        table: Any = table_of(self._models.AccountDeletion)
        gone: Any = self._db.session.execute(
            sa.delete(table).where(table.c.user_id == key_of(user))
        )
        if not gone.rowcount:
            return False
        self._audit.record("auth.deletion_cancelled", user, actor=user)
        return True

    def tell_cancelled(self, user: Any) -> None:
        """Send the mail and the signal."""
        self._mails.deletion_cancelled(user)
        account_deletion_cancelled.emit(self, user=user)

    def cancel_at_sign_in(self, sender: object, user: Any, **values: Any) -> None:
        """Receive ``session_created``, within the transaction of a sign-in of any kind."""
        if not self.cancel(user) or not has_request_context():
            return
        if not wants_json():
            flash(gettext("Welcome back. Your account stays, and will not be deleted."), "ok")

        @after_this_request
        def tell(response: Response) -> Response:
            if response.status_code < 400:
                self.tell_cancelled(user)
            return response

    def finish_due(self, batch: int = 100) -> Report:
        """Delete the accounts that are due, each in a transaction of its own.

        An account that cannot be deleted stays as it is, and its wish stays due.
        """
        report, last = Report(), 0
        table: Any = self._models.AccountDeletion
        while True:
            due = sa.select(table.id).where(table.due_at <= clock.now(), table.id > last)
            ids = self._db.session.scalars(due.order_by(table.id).limit(batch)).all()
            if not ids:
                return report
            for last in ids:
                self._finish_one(last, report)

    def _finish_one(self, row_id: int, report: Report) -> None:
        table: Any = self._models.AccountDeletion
        row = self._db.session.get(table, row_id, populate_existing=True)
        if row is None:
            return
        user, key = row.owner, row.user_id
        if self.refusal(user, lock=True) is not None:
            self._db.session.rollback()
            report.failed.append(str(key))
            return
        # Whoever signs in at this moment comes first, or finds the account gone.
        claim: Any = self._db.session.execute(
            sa.delete(table)
            .where(table.id == row_id, table.due_at <= clock.now())
            .execution_options(synchronize_session=False)
        )
        if not claim.rowcount:
            self._db.session.rollback()
            return
        self._db.session.expire_all()
        try:
            erased = self._finish(user)
        except Exception as error:  # the next account is deleted whatever is wrong with this one
            self._db.session.rollback()
            self._app.logger.exception("An account could not be deleted: %s", key)
            user_deletion_failed.emit(
                self, user_id=key, error_type=type(error).__name__, exception=error
            )
            report.failed.append(str(key))
        else:
            report.anonymised += erased.is_anonymised
            report.deleted += not erased.is_anonymised

    def _finish(self, user: Any) -> Erased:
        user_deletion_started.emit(self, user_id=key_of(user))
        self._sessions.end_everything(user)
        erased = self._eraser.erase(user)
        result = "anonymised" if erased.is_anonymised else "deleted"
        self._audit.record("auth.account_deleted", account=erased.label, result=result)
        self._db.session.commit()
        told = {"user_id": erased.key, "username": erased.name}
        user_deleted.emit(self, **told)
        account_deleted.emit(self, **told, label=erased.label, is_anonymised=erased.is_anonymised)
        if erased.email:
            self._mails.deleted(erased.email, erased.name)
        return erased
