"""Pages: invitations."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from ...core.state import current_state, state_of
from ...core.translation import gettext
from ...exceptions import InvalidFieldsError, TokenError
from ...limits.service import RateLimits, caller
from ..audit.service import Audit
from ..current import current_user, resolve
from ..denials import refuse_forbidden
from ..freshness import personal_login_required
from ..passwords.policy import PasswordPolicy
from ..settings import LimitSettings
from ..views.page import form_for, show, sign_in_url, to_sign_in
from .forms import choices_of
from .models import InvitationMixin
from .rights import INVITE, InvitationRights
from .service import Invitations

View = Callable[..., ResponseReturnValue]
_ONE = "/invitations/<int(max=2147483647):key>"


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this part, in applications where it is on."""
    blueprint.record(_add)


def _add(setup: BlueprintSetupState) -> None:
    if Invitations not in state_of(setup.app):  # type: ignore[arg-type]
        return
    both, post = ["GET", "POST"], ["POST"]
    setup.add_url_rule("/invitations/", "invitations", invitations, methods=both)
    setup.add_url_rule(f"{_ONE}/withdraw/", "withdraw_invitation", withdraw, methods=post)
    setup.add_url_rule(f"{_ONE}/resend/", "resend_invitation", resend, methods=post)
    setup.add_url_rule("/accept-invitation/", "accept_invitation", accept, methods=both)


def _for_inviters(view: View) -> View:
    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        if not current_state()[InvitationRights].may_invite(resolve()):
            refuse_forbidden(INVITE)
        return view(*args, **kwargs)

    return personal_login_required(guarded)


@_for_inviters
def invitations() -> ResponseReturnValue:
    """Ask somebody in, below those who were."""
    state, inviter = current_state(), current_user._get_current_object()
    form = form_for("invitations")
    names = [group.name for group in state[InvitationRights].groups_of(inviter)]
    if names:
        form.groups.choices = choices_of(names)
    else:
        del form.groups
    status = 400 if request.method == "POST" else 200
    if form.validate_on_submit():
        groups = form.groups.data or () if "groups" in form else ()
        try:
            row = state[Invitations].make(inviter, form.email.data, groups)
        except InvalidFieldsError as error:
            form.add_errors(error.errors)
        else:
            flash(gettext("The invitation to %(email)s is on its way.", email=row.email), "ok")
            return redirect(url_for("lback_auth.invitations"))
    service = state[Invitations]
    rows = [(row, service.is_open(row)) for row in service.newest()]
    return show("invitations", status, form=form, rows=rows)


@_for_inviters
def withdraw(key: int) -> ResponseReturnValue:
    """Take an invitation back."""
    if current_state()[Invitations].withdraw(_known(key)):
        flash(gettext("The invitation is withdrawn."), "ok")
    else:
        flash(gettext("It was too late for that."), "warn")
    return redirect(url_for("lback_auth.invitations"))


@_for_inviters
def resend(key: int) -> ResponseReturnValue:
    """Send an invitation again."""
    if current_state()[Invitations].resend(resolve(), _known(key)):
        flash(gettext("The invitation is on its way again. The link before it is dead."), "ok")
    else:
        flash(gettext("It was too late for that."), "warn")
    return redirect(url_for("lback_auth.invitations"))


def _known(key: int) -> InvitationMixin:
    row = current_state()[Invitations].get(key)
    if row is None:
        abort(404)
    return row


def accept() -> ResponseReturnValue:
    """Make the account that an invitation is for; whether people may register does not matter."""
    state = current_state()
    form = form_for("accept_invitation", token=request.args.get("token"))
    form.password.description = " ".join(state[PasswordPolicy].help_texts()[:1])
    limit, key = state[LimitSettings].token_per_address, ("token-address", caller())
    state[RateLimits].check(limit, *key)
    service, token = state[Invitations], form.token.data or ""
    try:
        invitation = service.read(token)
        if form.validate_on_submit():
            service.accept(token, password=form.password.data, **form.account_fields())
            return to_sign_in(gettext("Your account is ready. Sign in."))
    except InvalidFieldsError as error:
        form.add_errors(error.errors)
    except TokenError as error:
        state[RateLimits].hit(limit, *key)
        state[Audit].refuse("auth.invitation_accepted", reason=error.code)
        return _refuse(error)
    status = 400 if request.method == "POST" else 200
    email = invitation.email
    return show("accept_invitation", status, form=form, has_token=True, email=email)


def _refuse(error: TokenError) -> ResponseReturnValue:
    has_account = error.code == "has_account"
    return show(
        "message",
        400,
        has_token=True,
        title=gettext("You have an account")
        if has_account
        else gettext("The invitation does not work"),
        message=error.message,
        kind="info" if has_account else "warn",
        action_url=sign_in_url() if has_account else None,
        action_label=gettext("Sign in"),
    )
