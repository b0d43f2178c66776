"""Prove again who you are."""

from __future__ import annotations

from typing import ClassVar

from flask import Blueprint, redirect
from flask.typing import ResponseReturnValue

from ...core.redirects import resolve_url, safe_redirect_target
from ...core.state import current_state
from ...exceptions import AuthenticationError
from ..current import current_user
from ..freshness import Proofs, personal_login_required, prove_again
from ..managers import UserManager
from .base import AccountView
from .page import account_url


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    blueprint.add_url_rule("/reauthenticate/", view_func=ReauthenticateView.as_view())


class ReauthenticateView(AccountView):
    """Give the password once more, and go on to where one was going."""

    page = "reauthenticate"
    decorators: ClassVar = [personal_login_required]

    def dispatch_request(self) -> ResponseReturnValue:
        """GET shows the form, POST takes it in."""
        user = current_user._get_current_object()
        wanted = account_url() if self.success_url is None else resolve_url(self.success_url)
        target = safe_redirect_target(wanted)
        form, status = self.get_form(next=target), None
        if form.validate_on_submit():
            try:
                UserManager().confirm_password(user, form.password.data)
            except AuthenticationError as error:
                form.password.errors = [error.message]
                status = 401
            else:
                prove_again(user, method="password")
                return redirect(target)
        return self.render(
            status,
            form=form,
            has_password=user.has_usable_password(),
            proofs=current_state()[Proofs].of(user),
            next_url=target,
        )
