"""Sign in with other sites, as a part of the accounts feature."""

from __future__ import annotations

import importlib.util

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from ...core.feature import Plan
from ...core.state import State
from ...exceptions import MissingExtraError
from ...limits.service import RateLimits
from ...mail.service import Mailer
from ..accounts import Accounts
from ..audit.service import Audit
from ..mails.service import AccountMails
from ..models import Models
from ..part import Part
from ..registration import Registration
from ..settings import AuthSettings, LimitSettings
from ..users.directory import Directory
from .client import ProviderClient
from .mails import OAuthMails
from .newcomers import Newcomers
from .providers import SETTING, read_providers
from .service import OAuthAccounts
from .settings import OAuthSettings

_LIBRARIES = ("authlib", "requests", "cryptography")


class OAuthPart(Part):
    """Brings :class:`OAuthAccounts`, the client of each provider, and their pages."""

    name = "oauth"
    settings = (OAuthSettings,)

    def plan(self, plan: Plan) -> None:
        """Read the providers; none is asked before somebody signs in.

        :raises ConfigError: an entry is wrong.
        :raises MissingExtraError: there are providers, and a library is not installed.
        """
        state = plan.state
        providers = read_providers(plan.settings(OAuthSettings).providers)
        if not providers:
            return
        if missing := [one for one in _LIBRARIES if importlib.util.find_spec(one) is None]:
            raise MissingExtraError(
                f"{SETTING} needs {', '.join(missing)}.",
                'Run `pip install "flask-lback[oauth]"`.',
            )
        service = OAuthAccounts(
            {name: ProviderClient(provider) for name, provider in providers.items()},
            state[SQLAlchemy],
            state[Models],
            plan.settings(AuthSettings),
            (state[RateLimits], plan.settings(LimitSettings)),
            state[Directory],
            state[Accounts],
            Newcomers(state[Directory], state[Accounts], state[Registration]),
            state[Audit],
            state[AccountMails],
            OAuthMails(plan.app, state[Mailer]),
        )
        state.add(service)
        state[Accounts].on_revocation(service.forget_unconfirmed)

    def install(self, app: Flask, state: State) -> None:
        """Let templates ask which providers there are: ``lback_oauth_providers``."""
        service = state.get(OAuthAccounts)
        clients = () if service is None else service.clients.values()
        app.jinja_env.globals["lback_oauth_providers"] = tuple(
            {"name": client.name, "label": client.label} for client in clients
        )
