"""Set a password for somebody, or let none open the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import flash, redirect, request

from ...auth.audit.service import Audit
from ...auth.current import resolve
from ...auth.fields import again_field, password_field
from ...auth.mails.service import AccountMails
from ...auth.managers import UserManager
from ...auth.passwords.policy import PasswordPolicy
from ...auth.users.directory import Directory
from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import InvalidFieldsError
from ...forms.base import Form
from ..grants import Holder, RightsRefused
from ..saving import NotSavedError, committed, show
from .new_password import must_change_field

if TYPE_CHECKING:
    from .views import UserView


class SetPasswordForm(Form):
    """A password that somebody sets for the owner of an account."""

    new_password = password_field(gettext("New password"), new=True)
    password_confirm = again_field("new_password")
    must_change = must_change_field()


def handle(view: UserView, user: Any) -> Any:
    """The page, and what its two forms send.

    People change their own password elsewhere: there they prove that they know the present one.

    :raises RightsRefused: the account may do more than whoever asks.
    """
    if own := view.own_password_url(user):
        return redirect(own)
    if user == resolve():  # in an application without our account pages
        raise RightsRefused(gettext("Your own password is not set here."))
    if not Holder(resolve()).may_take_over(user):
        raise RightsRefused(
            gettext("%(name)s may do more than you. Ask a superuser.", name=str(user))
        )
    form = SetPasswordForm()
    form.new_password.description = " ".join(current_state()[PasswordPolicy].help_texts()[:1])
    if request.method == "POST":
        if "_disable" in request.form:
            return _disabled(view, user)
        if form.validate() and _is_set(user, form):
            flash(
                gettext(
                    "%(name)s has a new password. Every session and token has ended.",
                    name=str(user),
                ),
                "ok",
            )
            return redirect(view.page_url_of(user))
    status = 400 if request.method == "POST" else 200
    page = view.render(
        "lback/admin/password.html",
        view=view,
        row=user,
        form=form,
        has_password=user.has_usable_password(),
        back_url=view.page_url_of(user),
    )
    return page, status


def _is_set(user: Any, form: Any) -> bool:
    manager, password = UserManager(), form.new_password.data
    if complaints := manager.password_complaints(password, user):  # before anything is locked
        form.add_errors({"new_password": complaints})
        return False

    def work() -> None:
        must_change = bool(form.must_change.data)
        manager.set_password(user, password, validate=False, must_change=must_change)
        current_state()[Audit].record("admin.password_set", user, must_change=must_change)

    try:
        committed(work)
    except NotSavedError as error:
        show(form, error)
        return False
    _tell(user)
    return True


def _disabled(view: UserView, user: Any) -> Any:
    def work() -> None:
        if not user.has_usable_password():
            raise InvalidFieldsError({"password": [gettext("No password opens it already.")]})
        UserManager().disable_password(user)
        current_state()[Audit].record("admin.password_disabled", user)

    try:
        committed(work)
    except NotSavedError as error:
        flash(error.message, "danger")
    else:
        _tell(user)
        flash(
            gettext("No password opens the account of %(name)s any longer.", name=str(user)), "ok"
        )
    return redirect(view.page_url_of(user))


def _tell(user: Any) -> None:
    """As after every other new password."""
    state = current_state()
    if state[Directory].email_name:
        state[AccountMails].password_changed(user)
