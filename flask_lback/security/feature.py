"""The security feature."""

from __future__ import annotations

from typing import ClassVar

from flask import Flask

from ..core.checks import Check
from ..core.feature import Feature, Plan
from ..core.state import State
from . import csrf
from .checks import check_deployment, check_secret_key
from .headers import SecurityHeadersMiddleware, csp_nonce
from .secret_key import require_secret_key
from .settings import SecuritySettings


class SecurityFeature(Feature):
    """Brings headers, the content security policy and CSRF protection."""

    name = "security"
    settings = (SecuritySettings,)
    checks: ClassVar = (Check(check_secret_key), Check(check_deployment, deploy=True))
    middleware = (SecurityHeadersMiddleware, csrf.CSRFMiddleware)

    def plan(self, plan: Plan) -> None:
        """Refuse an application without a usable secret key."""
        require_secret_key(plan.app)
        plan.state.add(csrf.CSRFProtection())

    def install(self, app: Flask, state: State) -> None:
        """Set Flask-WTF up, and bind the session cookie to this site."""
        app.config["SESSION_COOKIE_SAMESITE"] = app.config["SESSION_COOKIE_SAMESITE"] or "Lax"
        csrf.install(app, state[csrf.CSRFProtection])
        app.jinja_env.globals["csp_nonce"] = csp_nonce
