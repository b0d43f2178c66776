"""Who may see the site as whom: nobody gains a right by it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy

from ...core.translation import gettext
from ..models import Models
from ..rights import rights_of
from ..users.mixins import key_of

#: The permission that it needs; the panel declares it.
IMPERSONATE = "auth.impersonate_user"


class ImpersonationRules:
    """Decides for one application."""

    def __init__(self, db: SQLAlchemy, models: Models) -> None:
        self._db = db
        self._models = models

    def refusal(self, actor: Any, user: Any) -> str | None:
        """Why one account may not see the site as another; None when it may.

        Asked at the start, and again for every request: rights change.
        """
        own, theirs = rights_of(actor), rights_of(user)
        own.hold()
        theirs.hold()
        if not own.has(IMPERSONATE):
            return gettext("This needs the permission %(name)s.", name=IMPERSONATE)
        if key_of(user) == key_of(actor):
            return gettext("This is your own account.")
        if not user.is_active:
            return gettext("The account is switched off.")
        if theirs.is_superuser:
            return gettext("Nobody sees the site as a superuser.")
        if own.is_superuser:
            return None
        if not theirs.permissions <= own.permissions or self._has_groups(theirs, own):
            return gettext("%(name)s may do more than you.", name=str(user))
        return None

    def _has_groups(self, theirs: Any, own: Any) -> bool:
        """Whether the other account is in groups that this one is not in.

        Code may ask for a group by its name. Those that everybody is given at registration say
        nothing.
        """
        if not (others := theirs.groups - own.groups):
            return False
        group: Any = self._models.Group
        query = sa.select(group.id).where(group.name.in_(others), group.is_default.is_(False))
        with self._db.session.no_autoflush:
            return self._db.session.scalar(query.limit(1)) is not None
