"""The admin feature."""

from __future__ import annotations

from typing import ClassVar

from flask import Flask

from ..auth.impersonation.rules import IMPERSONATE
from ..core.checks import Check
from ..core.feature import Feature, Plan
from ..core.settings import CoreSettings
from ..core.state import State
from ..exceptions import ConfigError
from ..permissions.registry import Permissions
from .checks import check_csrf, check_staff
from .declarations import Registrations
from .discovery import discover, discover_widgets
from .settings import AdminSettings
from .sites import Site


class AdminFeature(Feature):
    """Brings the panel, with what the installed applications declare."""

    name = "admin"
    requires = ("db", "auth", "permissions", "security")
    settings = (AdminSettings,)
    checks: ClassVar = (Check(check_csrf), Check(check_staff))

    def plan(self, plan: Plan) -> None:
        """Read every declaration and build its view.

        :raises ConfigError: an option cannot work, or the address is taken.
        """
        registrations = plan.declared.get(Registrations) or plan.declared.add(Registrations())
        site = Site(plan.app, plan.state)
        _refuse_address(plan, site)
        apps = plan.app.config.get("INSTALLED_APPS") or ()
        site.build([*discover(apps), *registrations.declarations])
        site.board.add([*discover_widgets(apps), *registrations.widgets])
        registrations.attach(site)
        plan.state[Permissions].define(IMPERSONATE, "See the site as another user")
        plan.state.add(site)
        plan.state.add(site.scopes)

    def install(self, app: Flask, state: State) -> None:
        """Mount the panel."""
        state[Site].install()


def _refuse_address(plan: Plan, site: Site) -> None:
    prefix = plan.settings(AdminSettings).url_prefix
    if not prefix.startswith("/") or not prefix.strip("/"):
        raise ConfigError(
            f"LBACK_ADMIN_URL_PREFIX is {prefix!r}.", 'Use a path of its own, such as "/admin".'
        )
    for other in plan.app.extensions.get("admin", ()):
        if other.url == site.prefix:
            raise ConfigError(
                f"{site.prefix} is the address of the application's own Flask-Admin.",
                f"Set {CoreSettings.prefix}URL_PREFIX or LBACK_ADMIN_URL_PREFIX.",
            )
