"""Accounts in the panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wtforms import BooleanField

from ...auth.current import resolve
from ...auth.mails.service import AccountMails
from ...auth.managers import UserManager
from ...auth.sessions.service import SessionManager
from ...core.state import current_state
from ...core.translation import gettext
from ..attributes import editable
from ..cells import Cell
from ..grants import Holder, RightsRefused
from ..options import Fieldset, ModelAdmin, action, display
from .matrix import show_as_matrix
from .new_password import NEW_PASSWORD, new_password_fields
from .writing import NAMES, own_session, write, write_new

#: What stands in a card of ours; the rest of a user class has a card of its own.
_OURS = {
    *NAMES,
    "first_name",
    "last_name",
    "is_active",
    "is_staff",
    "is_superuser",
    "email_verified",
    "email_verified_at",
    "groups",
    "user_permissions",
}


class UserAdmin(ModelAdmin):
    """Accounts, of every user class: what a class has not is left out."""

    list_display: Sequence[str] = (
        "username",
        "email",
        "full_name",
        "status",
        "role",
        "date_joined",
    )
    search_fields: Sequence[str] = ("username", "email", "first_name", "last_name")
    list_filter: Sequence[str] = ("is_active", "is_staff", "is_superuser", "groups", "date_joined")
    readonly_fields: Sequence[str] = ("date_joined", "last_login_at", "last_seen_at")
    actions: Sequence[str | Callable[..., Any]] = (
        "activate",
        "deactivate",
        "end_sessions",
        "send_reset_link",
    )
    icon = "users"
    view_class = "flask_lback.admin.accounts.views.UserView"

    def __init__(self, model: type[Any]) -> None:
        super().__init__(model)
        for option in ("list_display", "search_fields", "list_filter"):
            if getattr(type(self), option) is getattr(UserAdmin, option):
                names = [name for name in getattr(self, option) if self._has(name)]
                setattr(self, option, names)
        name = model.USERNAME_FIELD if self._has(model.USERNAME_FIELD) else "__str__"
        if type(self).list_display is UserAdmin.list_display and name not in self.list_display:
            self.list_display = (name, *self.list_display)
        if not hasattr(model, "email"):
            self.actions = tuple(one for one in self.actions if one != "send_reset_link")

    # --- the list -----------------------------------------------------------------------------

    @display(description=gettext("Name"), ordering="last_name")
    def full_name(self, user: Any) -> str:
        """First and last name."""
        return str(user.get_full_name())

    @display(description=gettext("Status"), ordering="is_active")
    def status(self, user: Any) -> Cell:
        """Whether the account can be used."""
        if not user.is_active:
            return Cell("badge", gettext("Deactivated"), badge="danger")
        if getattr(user, "email_verified", True):
            return Cell("badge", gettext("Active"), badge="ok")
        return Cell("badge", gettext("Not confirmed"), badge="warn")

    @display(description=gettext("Role"))
    def role(self, user: Any) -> Cell:
        """Superuser, staff, or nothing."""
        if user.is_superuser:
            return Cell("tag", gettext("Superuser"), badge="accent")
        return (
            Cell("tag", gettext("Staff"))
            if user.is_staff
            else Cell("none", self.empty_value_display)
        )

    # --- the form -----------------------------------------------------------------------------

    def extra_fields(self) -> Mapping[str, Any]:
        """The password of a new account, and whether an address is verified."""
        fields = new_password_fields()
        if hasattr(self.model, "email_verified_at"):
            fields["email_verified"] = BooleanField(
                gettext("Address confirmed"),
                description=gettext("Without it, the account signs in after opening our mail."),
                render_kw={"role": "switch"},
            )
        return fields

    def get_fieldsets(self, request: Any, obj: Any = None) -> Sequence[Fieldset]:
        """Ours, unless a subclass has its own."""
        if (obj is None and self.add_fieldsets) or self.fieldsets or self.fields:
            cards = super().get_fieldsets(request, obj)
            return cards if obj is not None else [_with_new_password(card) for card in cards]
        fixed = {*_OURS, *self.readonly_fields}
        own = [name for name in editable(self.model) if name not in fixed]
        password = () if obj is not None else NEW_PASSWORD
        ours: list[Fieldset] = [
            (gettext("Account"), {"fields": (*self._line(*NAMES), *password)}),
            (gettext("Person"), {"fields": self._line("first_name", "last_name")}),
            (gettext("Profile"), {"fields": own}),
            (
                gettext("Groups"),
                {
                    "fields": self._existing("groups"),
                    "description": gettext("What a group may do, its members may do."),
                },
            ),
            (
                gettext("Permissions of this account alone"),
                {"fields": self._existing("user_permissions") if obj is not None else ()},
            ),
            (
                gettext("State"),
                {"fields": self._existing("is_active", "email_verified"), "classes": ("side",)},
            ),
            (
                gettext("Administration"),
                {"fields": self._existing("is_staff", "is_superuser"), "classes": ("side",)},
            ),
        ]
        return [(title, options) for title, options in ours if options["fields"]]

    def printed_fields(self) -> set[str]:
        """Also Django's names for what no form of an account writes."""
        return super().printed_fields() | {"password", "last_login"}

    @display(description=gettext("Password"))
    def password(self, user: Any) -> Cell:
        """Whether there is one; its hash is shown to nobody."""
        if user.has_usable_password():
            return Cell("badge", gettext("Set"), badge="ok")
        return Cell("badge", gettext("None"))

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Sequence[str]:
        """Superusers are made, and their accounts changed, by superusers."""
        holder = Holder(resolve())
        fixed = [*self.readonly_fields]
        if not holder.is_superuser:
            fixed.append("is_superuser")
        if obj is not None and not holder.may_manage(obj):
            fixed.extend([*_OURS, *editable(self.model)])
        return fixed

    def prepare(self, form: Any, obj: Any) -> None:
        """Lock what the present account does not hold; show the state of the address."""
        holder = Holder(resolve())
        if "groups" in form:
            form["groups"].may_choose = holder.holds_group
        if "user_permissions" in form:
            form["user_permissions"].may_choose = holder.holds_permission
            show_as_matrix(form["user_permissions"])
        if "email_verified" in form:
            form["email_verified"].data = True if obj is None else obj.email_verified

    # --- writing ------------------------------------------------------------------------------

    def construct(self, form: Any) -> Any:
        """Make an account as every other way does, with its rules.

        :raises InvalidFieldsError: a name is malformed or taken, or the policy refuses.
        """
        return write_new(form, self.extra_fields())

    def populate(self, form: Any, obj: Any) -> None:
        """Write a form into an account; what ends its sessions, ends them.

        :raises InvalidFieldsError: a name is malformed or taken.
        """
        write(form, obj, self.extra_fields())

    # --- actions ------------------------------------------------------------------------------

    @action(description=gettext("Activate"))
    def activate(self, request: Any, rows: list[Any]) -> str:
        """Switch accounts on."""
        count = sum(UserManager().activate(user) for user in rows)
        return gettext("%(n)s activated.", n=count)

    @action(description=gettext("Deactivate"))
    def deactivate(self, request: Any, rows: list[Any]) -> str:
        """Switch accounts off; their sessions end."""
        count = sum(UserManager().deactivate(user) for user in rows)
        return gettext("%(n)s deactivated. Their sessions have ended.", n=count)

    @action(description=gettext("End sessions"))
    def end_sessions(self, request: Any, rows: list[Any]) -> str:
        """End every session and API token, but the session that asks."""
        sessions, holder = current_state()[SessionManager], Holder(resolve())
        for user in rows:
            if not holder.may_manage(user):
                raise RightsRefused(gettext("Only a superuser changes the account of a superuser."))
        count = sum(sessions.end_everything(user, but=own_session(user)) for user in rows)
        return gettext("%(n)s sessions have ended.", n=count)

    @action(description=gettext("Send reset link"))
    def send_reset_link(self, request: Any, rows: list[Any]) -> str:
        """Mail the owner a link to choose a password."""
        mails = current_state()[AccountMails]
        active = [user for user in rows if user.is_active and user.email]
        for user in active:
            mails.reset_password(user)
        return gettext("%(n)s links are on their way.", n=len(active))

    def offers(self, action: str, obj: Any) -> bool:
        """An account is activated when it is not active, and the other way round."""
        wanted = {"activate": False, "deactivate": True, "send_reset_link": True}
        return action not in wanted or bool(obj.is_active) == wanted[action]

    def instead_of_delete(self, rows: list[Any]) -> tuple[str, str, str, str] | None:
        """Action, question, link and effect of the milder way, for one active account."""
        if len(rows) != 1 or not rows[0].is_active:
            return None
        return (
            "deactivate",
            gettext("Only want to stop the account?"),
            gettext("Deactivate it instead"),
            gettext("The sessions end, everything else stays."),
        )

    # --- what a user class has ----------------------------------------------------------------

    def _has(self, name: str) -> bool:
        needs = {
            "full_name": "get_full_name",
            "status": "is_active",
            "role": "is_staff",
            "email_verified": "email_verified_at",
        }
        return hasattr(self.model, needs.get(name, name))

    def _line(self, *names: str) -> tuple[Any, ...]:
        """What there is of these, side by side."""
        found = self._existing(*names)
        return (found,) if len(found) > 1 else found

    def _existing(self, *names: str) -> tuple[str, ...]:
        return tuple(name for name in names if self._has(name))


def _with_new_password(card: Fieldset) -> Fieldset:
    """The same card for a new account, which has no password to print."""
    title, options = card
    fields: list[Any] = []
    for name in options["fields"]:
        fields.extend(NEW_PASSWORD if name == "password" else [name])
    return title, {**options, "fields": fields}
