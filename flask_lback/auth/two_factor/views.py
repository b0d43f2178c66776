"""Pages: the second factor of one's own account, and the second step of signing in."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from ...core.state import current_state
from ...core.translation import gettext
from ..current import current_user, present_login
from ..freshness import fresh_login_required, is_fresh, personal_login_required
from ..second_factors import SecondFactors
from ..sessions.service import SessionManager
from ..views.page import form_for, show
from . import setting_up, verifying
from .recovery import COUNT, RECOVERY
from .service import TwoFactor, label_of


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this part; an application in which it is off has none."""
    both = ["GET", "POST"]
    pages: tuple[tuple[str, str, Callable[..., Any], list[str]], ...] = (
        ("/two-factor/", "two_factor", personal_login_required(status), ["GET"]),
        ("/two-factor/disable/", "two_factor_disable", fresh_login_required(disable), ["POST"]),
        ("/two-factor/setup/", "two_factor_setup", setting_up.set_up, both),
        ("/two-factor/verify/", "two_factor_verify", verifying.verify, both),
        ("/two-factor/send/", "two_factor_send", verifying.send, ["POST"]),
        (
            "/two-factor/recovery-codes/",
            "recovery_codes",
            fresh_login_required(recovery_codes),
            both,
        ),
    )

    def mount(setup: BlueprintSetupState) -> None:
        state = setup.app.extensions.get("lback")
        if state is None or TwoFactor in state:
            for rule, endpoint, view, methods in pages:
                setup.add_url_rule(rule, endpoint, _only_when_on(view), methods=methods)

    blueprint.record(mount)


def _only_when_on(view: Callable[..., Any]) -> Callable[..., Any]:
    """For a blueprint that was mounted before Lback was set up."""

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if TwoFactor not in current_state():
            abort(404)
        return view(*args, **kwargs)

    return guarded


def status() -> ResponseReturnValue:
    """What the account has, and what it could have."""
    service, user = current_state()[TwoFactor], current_user._get_current_object()
    chosen = service.chosen(user)
    ways = current_state()[SecondFactors].ways(user)
    return show(
        "two_factor",
        form=form_for("two_factor"),
        chosen=[(name, label_of(name), service.may_remove(user, name)) for name in chosen],
        others=[way for way in ways if way.name not in service.settings.methods],
        offered=[(name, label_of(name)) for name in service.can_set_up(user) if name not in chosen],
        has_recovery=RECOVERY in service.settings.methods and bool(ways),
        codes_left=service.recovery.left(user),
        codes_count=COUNT,
        is_required=service.is_required(user),
        is_fresh=is_fresh(),
    )


def disable() -> ResponseReturnValue:
    """Remove a way, or all of them."""
    form = form_for("two_factor")
    if form.validate_on_submit():
        user, login = current_user._get_current_object(), present_login()
        current_state()[TwoFactor].disable(
            user, form.method.data or None, but=login.session_id if login else None
        )
        current_state()[SessionManager].rotate()
        flash(gettext("The second step was removed. Other devices are signed out."), "ok")
    return redirect(url_for("lback_auth.two_factor"))


def recovery_codes() -> ResponseReturnValue:
    """Make new recovery codes; the page shows them once."""
    service, user = current_state()[TwoFactor], current_user._get_current_object()
    form = form_for("recovery_codes")
    codes = None
    if form.validate_on_submit():
        codes = service.make_recovery_codes(user)
    return show(
        "recovery_codes",
        form=form,
        codes=codes,
        codes_left=service.recovery.left(user),
        next_url=url_for("lback_auth.two_factor"),
    )
