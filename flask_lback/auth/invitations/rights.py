"""Who may ask people in, and with which groups: nobody gives what they do not have."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from ..models import Models
from ..rights import rights_of
from ..settings import AuthSettings

INVITE = "auth.invite_user"
_DESCRIPTION = "Ask people in by mail"


class InvitationRights:
    """The rules of one application."""

    def __init__(self, db: SQLAlchemy, models: Models, settings: AuthSettings) -> None:
        self._db = db
        self._models = models
        self._superusers = settings.superuser_group

    def may_invite(self, user: Any) -> bool:
        """Whether an account may ask people in."""
        is_there = user is not None and user.is_authenticated and user.is_active
        return is_there and rights_of(user).has(INVITE)

    def groups_of(self, user: Any) -> list[Any]:
        """The groups that an account may give, by name.

        Those whose permissions it holds all of. A group without any may stand for something that
        only the application knows: it is given by its members. None stands for the command line,
        which may give every group.
        """
        group: Any = self._models.Group
        every = self._db.session.scalars(sa.select(group).order_by(group.name)).all()
        return [one for one in every if user is None or self._may_give(user, one)]

    def declare(self, sender: Flask, **values: Any) -> None:
        """Make the permission, whenever the tables were made."""
        permission: Any = self._models.Permission
        session = self._db.session
        if session.scalar(sa.select(permission).filter_by(name=INVITE)) is None:
            session.add(permission(name=INVITE, description=_DESCRIPTION))
            session.commit()

    def _may_give(self, user: Any, group: Any) -> bool:
        rights = rights_of(user)
        if getattr(user, "is_superuser", False):
            return bool(user.is_active)
        if self._superusers is not None:
            if rights.in_group(self._superusers):
                return True
            if group.name == self._superusers:
                return False
        names = [permission.name for permission in group.permissions]
        return rights.has_all(names) if names else rights.in_group(group.name)
