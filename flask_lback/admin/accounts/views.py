"""The pages of one account beyond its form: its password, and the site as it sees it."""

from __future__ import annotations

from typing import Any, ClassVar

import sqlalchemy as sa
from flask_admin.base import expose

from ...auth.current import present_login, resolve
from ...auth.impersonation.rules import IMPERSONATE
from ...auth.impersonation.service import Impersonations
from ...auth.rights import rights_of
from ...core.pages import url_or_none
from ...core.state import current_state
from ...core.translation import gettext
from ..grants import Holder
from ..views.records import RecordView
from . import impersonation, password_page


class UserView(RecordView):
    """The pages of accounts."""

    HANDLERS: ClassVar[dict[str, Any]] = {
        **RecordView.HANDLERS,
        "password_view": ("change",),
        "impersonate_view": None,
    }
    #: What draws the buttons of the matrix.
    script = "admin-matrix.js"
    #: What stands at the head of an account's page.
    tools_template = "lback/admin/_user_tools.html"

    def needed(self, handler: str) -> tuple[str, ...] | None:
        """As for every model; seeing the site as somebody needs a permission of its own."""
        if handler == "impersonate_view":
            return (IMPERSONATE,)
        return super().needed(handler)

    @expose("/password/", methods=("GET", "POST"))
    def password_view(self) -> Any:
        """Set a password for somebody, or let none open the account."""
        return password_page.handle(self, self.requested("change"))

    @expose("/impersonate/", methods=("POST",))
    def impersonate_view(self) -> Any:
        """See the site as this account."""
        return impersonation.begin(self)

    def may_set_password(self, row: Any) -> bool:
        """Whether the page of an account leads to its password."""
        if not self.may("change", row):
            return False
        return row == resolve() or Holder(resolve()).may_take_over(row)

    def may_impersonate(self, row: Any) -> bool:
        """Whether the page of an account has the button."""
        actor, login = resolve(), present_login()
        if not rights_of(actor).has(IMPERSONATE) or login is None or login.mechanism != "session":
            return False
        if url_or_none("lback_auth.stop_impersonation") is None:
            return False
        return current_state()[Impersonations].rules.refusal(actor, row) is None

    def own_password_url(self, row: Any) -> str | None:
        """Where people change their own password: with a proof, and not here."""
        return url_or_none("lback_auth.change_password") if row == resolve() else None

    def page_url_of(self, row: Any) -> str:
        """The page of an account, for whoever may change or only read it."""
        page = ".edit_view" if self.may("change", row) else ".details_view"
        return str(self.get_url(page, id=self.get_pk_value(row)))


class GroupView(RecordView):
    """The pages of groups."""

    script = "admin-matrix.js"

    def summary(self, row: Any) -> str:
        """How many members a group has, and how many permissions."""
        members, count = _members(self._count(row)), len(row.permissions)
        given = gettext("1 permission") if count == 1 else gettext("%(n)s permissions", n=count)
        return f"{members} · {given}"

    def reach(self, row: Any) -> str:
        """Whom a change reaches."""
        return gettext(
            "Reaches %(members)s on their next request.", members=_members(self._count(row))
        )

    def _count(self, row: Any) -> int:
        links = self.site.models.members
        query = sa.select(sa.func.count()).select_from(links).where(links.c.group_id == row.id)
        return self.site.db.session.scalar(query) or 0


def _members(count: int) -> str:
    return gettext("1 member") if count == 1 else gettext("%(n)s members", n=count)
