"""The accounts feature."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable
from typing import Any, ClassVar

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.utils import import_string

from ..core.checks import Check
from ..core.feature import Feature, Plan
from ..core.injection import Providers
from ..core.settings import CoreSettings
from ..core.state import State
from ..exceptions import ConfigError
from ..limits.service import RateLimits
from ..mail.service import Mailer
from ..tasks.runner import TaskRunner
from . import current, freshness, mechanisms, row_signals, versions
from .access_tokens import AccessTokens
from .accounts import Accounts
from .addresses import Addresses
from .audit.service import Audit
from .checks import check_registration, check_sessions
from .directory import Directory
from .emails import AccountMails
from .entrance import Entrance
from .freshness import Proofs
from .links import LinkTokens
from .loading import AccountLoader
from .managers import UserManager
from .middleware import AuthMiddleware, RequestMixin
from .models import KEY, AbstractBaseUser, Models, default_user, models_of
from .parts import FORMS, PARTS
from .passwords import PasswordHasher
from .policy import PasswordPolicy
from .principal import unite_on_load
from .profiles import Profiles
from .refresh_tokens import RefreshTokens
from .sessions import SessionManager
from .settings import (
    AuthSettings,
    LimitSettings,
    PasswordSettings,
    TemplateSettings,
    TokenSettings,
)
from .throttle.lockouts import Lockouts
from .throttle.service import PasswordThrottle
from .views import make_blueprint


class AuthFeature(Feature):
    """Brings accounts, sessions, tokens and their pages."""

    name = "auth"
    requires = ("db", "tasks", "limits", "mail", "security")
    settings = (
        *(AuthSettings, TemplateSettings, PasswordSettings, TokenSettings, LimitSettings),
        *(kind for part in PARTS for kind in part.settings),
    )
    checks: ClassVar = (
        *map(Check, (check_sessions, check_registration)),
        *(one for part in PARTS for one in part.checks),
    )
    middleware = (AuthMiddleware,)
    request_mixin = RequestMixin

    def plan(self, plan: Plan) -> None:
        """Find or make the user class, and make the services."""
        settings = plan.settings(AuthSettings)
        _refuse_unknown_forms(settings.forms)
        mechanisms.refuse_unknown(settings.mechanisms, "LBACK_AUTH_MECHANISMS")
        db = plan.state[SQLAlchemy]
        models = _models_for(plan, db, settings)
        state = plan.state
        state.add(models)
        passwords = plan.settings(PasswordSettings)
        hasher = state.add(PasswordHasher(passwords))
        policy = state.add(PasswordPolicy(passwords))
        links = state.add(LinkTokens(plan.app))
        mails = state.add(AccountMails(state[Mailer], links, settings, state[RateLimits], plan.app))
        audit = state.add(Audit(db, models))
        sessions = state.add(SessionManager(db, models, settings, audit))
        directory = state.add(Directory(db, models))
        state.add(Entrance(plan.app, directory, links))
        state.add(Accounts(db, models, settings, directory, hasher, policy, sessions, mails, audit))
        _add_own_services(plan)
        tokens = plan.settings(TokenSettings)
        state.add(AccessTokens(plan.app, tokens))
        state.add(RefreshTokens(db, models, tokens, sessions, audit, mails))
        state.add(AccountLoader(db, models, settings))
        lockouts = Lockouts(
            plan.app, state[RateLimits], audit, directory, state[Mailer], state[TaskRunner]
        )
        limits = plan.settings(LimitSettings)
        state.add(PasswordThrottle(state[RateLimits], limits, lockouts))
        for part in PARTS:
            part.plan(plan)
        providers = state[Providers]
        providers.provide("session_manager", lambda: sessions)
        providers.provide("user_manager", lambda: UserManager(state))

    def install(self, app: Flask, state: State) -> None:
        """Connect Flask-Login, watch rights, mount the pages."""
        models = state[Models]
        with app.app_context():
            versions.watch(state[AccountLoader].engine, models)
        unite_on_load(models.User)
        row_signals.watch(models.User)
        current.install(app, state)
        freshness.install(app)
        for part in PARTS:
            part.install(app, state)
        app.shell_context_processor(lambda: {"db": state[SQLAlchemy], **_shown(models)})
        prefix = state[AuthSettings].url_prefix
        if prefix is not None:
            whole = state[CoreSettings].url_prefix + prefix
            app.register_blueprint(make_blueprint(), url_prefix=whole)


def _add_own_services(plan: Plan) -> None:
    """What people do with their own account."""
    state, settings = plan.state, plan.settings(AuthSettings)
    db, directory, audit = state[SQLAlchemy], state[Directory], state[Audit]
    state.add(Proofs())
    state.add(Profiles(db, settings, directory, state[Accounts], audit))
    state.add(
        Addresses(
            db,
            settings,
            plan.settings(LimitSettings),
            state[RateLimits],
            directory,
            state[LinkTokens],
            state[AccountMails],
            state[SessionManager],
            audit,
        )
    )


def _refuse_unknown_forms(given: Iterable[str]) -> None:
    """Else a form that asks more than ours would be left out in silence."""
    for page in given:
        if page not in FORMS:
            near = difflib.get_close_matches(page, FORMS, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Use one of {', '.join(FORMS)}."
            raise ConfigError(f"LBACK_AUTH_FORMS names the page {page!r}.", hint)


def _models_for(plan: Plan, db: SQLAlchemy, settings: AuthSettings) -> Models:
    wanted = plan.user_model
    if wanted is None and settings.user_model:
        wanted = _imported(settings.user_model)
    if wanted is None:
        return models_of(_only_metadata(db, default_user).__table__.metadata)
    if not (inspect.isclass(wanted) and issubclass(wanted, AbstractBaseUser)):
        raise ConfigError(
            f"{wanted!r} is not made from AbstractUser or AbstractBaseUser.",
            "Derive the user model from flask_lback.auth.AbstractUser.",
        )
    models = models_of(wanted.__table__.metadata)  # type: ignore[attr-defined]
    if models.User is not wanted:
        raise ConfigError(
            f"{wanted.__name__} is not the user model of its database.",
            f"Give {models.User.__name__}.",
        )
    return models


def _only_metadata(db: SQLAlchemy, otherwise: Any) -> type[Any]:
    """The one user class of this ``db``, on whichever bind it is, else a new one."""
    found = [meta.info[KEY].User for meta in db.metadatas.values() if KEY in meta.info]
    if len(found) > 1:
        names = ", ".join(sorted(kind.__name__ for kind in found))
        raise ConfigError(f"There are several user models: {names}.", "Give user_model=….")
    return found[0] if found else otherwise(db)  # type: ignore[no-any-return]


def _imported(path: str) -> Any:
    try:
        return import_string(path.replace(":", "."))
    except ImportError as error:
        raise ConfigError(
            f"The user model {path!r} cannot be imported: {error}", "Give module.ClassName."
        ) from error


def _shown(models: Models) -> dict[str, Any]:
    names = ("User", "Group", "Permission", "UserSession", "RefreshToken")
    return {name: getattr(models, name) for name in names}
