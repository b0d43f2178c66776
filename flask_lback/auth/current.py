"""Who is signed in: Flask-Login stays behind this module.

``current_user``, ``login_required`` and the others are the same under Flask-Login's own names.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import flask_login
from flask import Flask, current_app, g, has_request_context, request, session
from flask_login.signals import user_logged_in as flask_login_logged_in
from flask_login.signals import user_logged_out as flask_login_logged_out
from werkzeug.local import LocalProxy

from ..core.state import State, current_state
from ..core.views import caller_of
from ..security.csrf import CSRFProtection
from .denials import refuse_anonymous
from .impersonation.service import Impersonations
from .models import Models
from .passwords.required_change import holds
from .sessions.loading import AccountLoader
from .sessions.principal import HELD, LOGIN, USER, Impersonator, Login
from .sessions.service import SessionManager
from .settings import AuthSettings
from .tokens import credentials
from .users.directory import Directory
from .users.mixins import AnonymousUser

V = TypeVar("V", bound=Callable[..., Any])
_FLASK_LOGIN_KEY = "_user_id"


def login_required(view: V) -> V:
    """Let a view run for accounts that are signed in; lead others to the sign-in page.

    Unlike Flask-Login's, it lets nobody in by OPTIONS, and no setting switches it off.
    """
    run = caller_of(view)

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not resolve().is_authenticated:
            return current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
        return run(*args, **kwargs)

    return guarded  # type: ignore[return-value]


def login_user(user: Any, remember: bool = False, *, method: str = "password") -> bool:
    """Sign an account in on this browser: a session row, a new cookie, one commit.

    :param remember: whether the login outlives the browser.
    :param method: how the person proved who they are, for the list of sessions.
    :returns: False, and nothing is done, for an account that is switched off.
    """
    if not user.is_active:
        return False
    _sessions().login(user, remember=remember, method=method)
    return True


def logout_user() -> bool:
    """End the session of this browser, and commit."""
    resolve()
    _sessions().logout()
    return True


def present_login() -> Login | None:
    """How the present account is signed in, None for nobody."""
    resolve()
    login: Login | None = g.get(LOGIN)
    return login


def present_impersonator() -> Impersonator | None:
    """Who sees the site as the present account; None when it is the account's own login."""
    login = present_login()
    return None if login is None else login.impersonator


def resolve() -> Any:
    """The present account, loaded at the first call of a request."""
    here = vars(g._get_current_object())
    if USER not in here:
        user, login = _identify() if has_request_context() else (AnonymousUser(), None)
        if login is not None and holds(login):
            here[HELD], user, login = user, AnonymousUser(), None
        here[USER] = user
        if login is not None:
            here[LOGIN] = login
    return here[USER]


#: The present account: the mapped object, loaded with one statement when it is first touched.
current_user: Any = LocalProxy(resolve)


def install(app: Flask, state: State) -> None:
    """Give Flask-Login's proxy our accounts, in the application's own manager when it has one.

    Flask-Login's ``init_app`` is not called: its after-request hook reads the session of every
    request, for a remember cookie that we do not use.
    """
    manager: Any = getattr(app, "login_manager", None)
    if manager is None:
        manager = flask_login.LoginManager()
        app.login_manager = manager  # type: ignore[attr-defined]
        app.context_processor(lambda: {"current_user": current_user})
        manager.unauthorized_handler(refuse_anonymous)
    manager.anonymous_user = AnonymousUser
    manager._load_user = resolve
    state[CSRFProtection].accepts_basic = "basic" in state[AuthSettings].mechanisms
    flask_login_logged_in.connect(_adopt_login, app)
    flask_login_logged_out.connect(_adopt_logout, app)


def _sessions() -> SessionManager:
    return current_state()[SessionManager]


def _identify() -> tuple[Any, Login | None]:
    state = current_state()
    loader = state[AccountLoader]
    found = None
    if "HTTP_AUTHORIZATION" in request.environ and credentials.decides(state, request):
        found = credentials.find(state, request.headers["Authorization"])
    elif "session" not in state[AuthSettings].mechanisms:
        pass
    elif key := state[SessionManager].present_key():
        found = _standing(state, loader.by_cookie(key))
    elif _FLASK_LOGIN_KEY in session and _may_adopt(state):
        found = _adopt_session(state)
    return found or (AnonymousUser(), None)


def _standing(state: State, found: tuple[Any, Login] | None) -> tuple[Any, Login] | None:
    """The account of a session; None when whoever is behind it may not be any longer."""
    if found is None or found[1].impersonator is None:
        return found
    return found if state[Impersonations].stands(*found) else None


def _may_adopt(state: State) -> bool:
    adopt = state[AuthSettings].adopt_sessions
    return current_app.testing if adopt is None else adopt


def _adopt_session(state: State) -> tuple[Any, Login] | None:
    """Give a Flask-Login session that has no row one: ``FlaskLoginClient`` of existing tests."""
    user = state[Directory].by_key(session[_FLASK_LOGIN_KEY])
    if user is None or not user.is_active:
        return None
    session.pop(_FLASK_LOGIN_KEY)
    _sessions().login(user, method="adopted")
    return user, g.get(LOGIN)


def _adopt_login(app: Flask, user: Any, **values: Any) -> None:
    """The application called ``flask_login.login_user``: make the row."""
    if isinstance(user, current_state()[Models].User):
        session.pop(_FLASK_LOGIN_KEY, None)
        _sessions().login(user, remember=session.pop("_remember", None) == "set", method="adopted")


def _adopt_logout(app: Flask, **values: Any) -> None:
    """The application called ``flask_login.logout_user``: end the row."""
    _sessions().logout()
