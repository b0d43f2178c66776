"""See the site as an account of the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import flash, redirect, request

from ...auth.current import present_login, resolve
from ...auth.denials import refuse_forbidden
from ...auth.freshness import is_fresh
from ...auth.impersonation.service import Impersonations
from ...core.pages import url_or_none
from ...core.state import current_state
from ...core.translation import gettext
from ...permissions.names import permission_name

if TYPE_CHECKING:
    from .views import UserView


def begin(view: UserView) -> Any:
    """Take a session of the account, and lead to the front page.

    Whoever has not lately proved who they are does so first, and comes back to the page.

    :raises Problem: 403, the account may not be seen, or not like this.
    """
    if not view.may("view"):
        refuse_forbidden(permission_name(view.model, "view"))
    user = view.requested("view")
    login = present_login()
    if login is None or url_or_none("lback_auth.stop_impersonation") is None:
        refuse_forbidden()  # there would be no way back
    if not is_fresh():
        flash(gettext("Prove again that it is you, then press the button once more."), "info")
        page = url_or_none("lback_auth.reauthenticate", next=view.page_url_of(user))
        return redirect(page or view.page_url_of(user))
    current_state()[Impersonations].begin(resolve(), login, user)
    return redirect(f"{request.root_path}/")
