"""The accounts feature."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from ..core.checks import Check
from ..core.feature import Feature, Plan
from ..core.injection import Providers
from ..core.redirects import refuse_dead_end
from ..core.settings import CoreSettings, imported
from ..core.state import State
from ..exceptions import ConfigError
from ..limits.service import RateLimits
from ..mail.service import Mailer
from ..tasks.runner import TaskRunner
from . import current, freshness, mechanisms, row_signals, unconfirmed, versions
from .accounts import Accounts
from .addresses import Addresses
from .audit import guard
from .audit.service import Audit
from .checks import check_links, check_registration, check_sessions, check_templates
from .entrance import Entrance
from .freshness import Proofs
from .mails import destinations
from .mails.links import LinkTokens
from .mails.service import AccountMails
from .managers import UserManager
from .middleware import AuthMiddleware, RequestMixin
from .models import KEY, AbstractBaseUser, Models, default_user, models_of, table_of
from .parts import PARTS
from .passwords.hasher import PasswordHasher
from .passwords.policy import PasswordPolicy
from .passwords.required_change import RequiredPasswordChanges
from .registration import Registration
from .replaced_forms import refuse_bad_forms
from .sessions.loading import AccountLoader
from .sessions.principal import unite_on_load
from .sessions.service import SessionManager
from .settings import (
    AuthSettings,
    LimitSettings,
    PasswordSettings,
    TemplateSettings,
    TokenSettings,
)
from .shortcuts import end_other_sessions
from .throttle.lockouts import Lockouts
from .throttle.service import PasswordThrottle
from .tokens.access import AccessTokens
from .tokens.refresh import RefreshTokens
from .users.chiefs import Chiefs
from .users.directory import Directory
from .users.identity import refuse_unknown_names
from .users.objects import AccountMaker, SessionEnder
from .users.profiles import Profiles
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
        *map(Check, (check_sessions, check_registration, check_links, check_templates)),
        *(one for part in PARTS for one in part.checks),
    )
    middleware = (AuthMiddleware,)
    request_mixin = RequestMixin

    def plan(self, plan: Plan) -> None:
        """Find or make the user class, and make the services."""
        settings = plan.settings(AuthSettings)
        refuse_bad_forms(settings.forms)
        destinations.refuse_bad_links(settings.links)
        mechanisms.refuse_unknown(settings.mechanisms, "LBACK_AUTH_MECHANISMS")
        if not settings.mechanisms:
            raise ConfigError(
                "LBACK_AUTH_MECHANISMS is empty: nobody could sign in.",
                f"Name one of {', '.join(mechanisms.MECHANISMS)}, or take the setting out.",
            )
        if settings.unconfirmed_may is not None and not settings.verify_email:
            raise ConfigError(
                "LBACK_AUTH_UNCONFIRMED_MAY is set, and LBACK_AUTH_VERIFY_EMAIL is off: nobody has "
                "to confirm an address.",
                "Take one of the two out of the configuration.",
            )
        db = plan.state[SQLAlchemy]
        models = _models_for(plan, db, settings)
        refuse_unknown_names(models.user_class)
        state = plan.state
        state.add(models)
        passwords = plan.settings(PasswordSettings)
        hasher = state.add(PasswordHasher(passwords))
        policy = state.add(PasswordPolicy(passwords))
        links = state.add(LinkTokens(plan.app))
        mails = state.add(
            AccountMails(
                state[Mailer], links, settings, state[RateLimits], state[TaskRunner], plan.app
            )
        )
        audit = state.add(Audit(db, models))
        sessions = state.add(SessionManager(db, models, settings, audit))
        directory = state.add(Directory(db, models))
        state.add(Entrance(plan.app, directory, links))
        chiefs = state.add(Chiefs(db, models, settings, sessions, mails, audit))
        required = state.add(RequiredPasswordChanges(db, models))
        state.add(
            Accounts(db, models, settings, directory, hasher, policy, sessions, audit, required)
        )
        state.add(
            Registration(
                *(db, models, settings, directory, state[Accounts]),
                *(hasher, mails, audit, chiefs),
            )
        )
        state.add(state[Accounts], AccountMaker)
        state.add(partial(end_other_sessions), SessionEnder)
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
            guard.watch(state[AccountLoader].engine, table_of(models.AuditEntry))
        unite_on_load(models.User)
        row_signals.watch(models.User)
        current.install(app, state)
        unconfirmed.install(app, state)
        freshness.install(app)
        for part in PARTS:
            part.install(app, state)
        app.shell_context_processor(lambda: {"db": state[SQLAlchemy], **_shown(models)})
        prefix = state[AuthSettings].url_prefix
        if prefix is not None:
            whole = state[CoreSettings].url_prefix + prefix
            app.register_blueprint(make_blueprint(), url_prefix=whole)

    def verify(self, app: Flask, state: State) -> None:
        """Refuse to serve when mails, or people who sign in or out, would be led nowhere."""
        destinations.refuse_missing_links(app)
        settings = state[AuthSettings]
        for name in ("login_redirect", "logout_redirect"):
            if target := getattr(settings, name):
                refuse_dead_end(app, f"LBACK_AUTH_{name.upper()}", target)


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
            state[Chiefs],
        )
    )


def _models_for(plan: Plan, db: SQLAlchemy, settings: AuthSettings) -> Models:
    wanted = plan.user_model
    if wanted is None and settings.user_model:
        path = settings.user_model
        wanted = imported(f"The user model {path!r}", path, "Give package.module.ClassName.")
    if wanted is None:
        return models_of(_only_metadata(db, default_user).__table__.metadata)
    if not (inspect.isclass(wanted) and issubclass(wanted, AbstractBaseUser)):
        raise ConfigError(
            f"{wanted!r} is not made from AbstractUser or AbstractBaseUser.",
            "Derive the user model from flask_lback.auth.AbstractUser.",
        )
    models = models_of(wanted.__table__.metadata)  # type: ignore[attr-defined]
    if _is_proxy(wanted, models.User):
        models = dataclasses.replace(models, proxy=wanted)
    if models.user_class is not wanted:
        raise ConfigError(
            f"{wanted.__name__} is not the user model of its database.",
            f"Give {models.User.__name__}.",
        )
    return models


def _is_proxy(wanted: Any, user: Any) -> bool:
    """Whether a class adds behaviour to the user class, and no table."""
    return issubclass(wanted, user) and wanted is not user and wanted.__table__ is user.__table__


def _only_metadata(db: SQLAlchemy, otherwise: Callable[[Any], type[Any]]) -> type[Any]:
    """The one user class of this ``db``, on whichever bind it is, else a new one."""
    found: list[type[Any]] = [
        meta.info[KEY].User for meta in db.metadatas.values() if KEY in meta.info
    ]
    if len(found) > 1:
        names = ", ".join(sorted(kind.__name__ for kind in found))
        raise ConfigError(f"There are several user models: {names}.", "Give user_model=….")
    return found[0] if found else otherwise(db)


def _shown(models: Models) -> dict[str, Any]:
    names = ("Group", "Permission", "UserSession", "RefreshToken")
    return {"User": models.user_class, **{name: getattr(models, name) for name in names}}
