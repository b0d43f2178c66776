"""Views that want a recent proof of who asks (ASVS 7.5.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from flask import Flask, current_app, redirect, request, session
from flask.typing import ResponseReturnValue

from ..core import clock
from ..core.errors import Problem, answer_json, wants_json
from ..core.pages import url_or_none
from ..core.redirects import here
from ..core.state import current_state
from ..core.translation import gettext
from ..security.csrf import has_header_token
from .audit.service import Audit
from .current import present_login, resolve
from .denials import refuse_anonymous
from .guarding import Guard
from .passwords.required_change import is_held, refuse
from .sessions.principal import Login
from .sessions.service import SessionManager
from .settings import AuthSettings
from .signals import user_reauthenticated

#: Where Flask-Login keeps whether a login is fresh.
_FLASK_LOGIN_FRESH = "_fresh"
V = TypeVar("V", bound=Callable[..., Any])
#: Mechanisms that stand for a person who has signed in, and not for a program of theirs.
_PERSONAL = ("session", "jwt", "basic")


@dataclass(frozen=True)
class Proof:
    """A way to prove again who one is, beside the password.

    :ivar name: such as ``passkey``.
    :ivar label: what its button says.
    :ivar endpoint: of the page that performs it, given ``next``; it ends in :func:`prove_again`.
    :ivar has: whether an account can use it.
    """

    name: str
    label: str
    endpoint: str
    has: Callable[[Any], bool]


class Proofs:
    """The ways of one application; parts offer theirs in their ``plan``."""

    def __init__(self) -> None:
        self._proofs: dict[str, Proof] = {}

    def offer(self, proof: Proof) -> None:
        """Add a way; one of the same name takes the place of the former."""
        self._proofs[proof.name] = proof

    def of(self, user: Any) -> list[Proof]:
        """The ways that this account can use."""
        return [proof for proof in self._proofs.values() if proof.has(user)]


def prove_again(user: Any, *, method: str) -> None:
    """Note that the present person has just proved who they are: a new session id, one commit.

    :param method: how, such as ``password``.
    """
    state = current_state()
    state[Audit].record("auth.reauthenticated", user, actor=user, method=method)
    sessions = state[SessionManager]
    sessions.rotate(proved=True)
    user_reauthenticated.emit(sessions, user=user, method=method)


def personal_login() -> Login:
    """How the person who asks has signed in.

    :raises Problem: 401 for nobody; 403 for a program with a token, which must not change how its
        owner signs in, and for whoever sees the site as somebody else.
    """
    login = present_login()
    if login is None and is_held():
        refuse()
    if login is None:
        raise Problem(401, "not_authenticated", gettext("Sign in first."))
    if login.mechanism not in _PERSONAL:
        answer_json()
        raise Problem(403, "login_required", gettext("Sign in for this; a token is not enough."))
    if login.impersonator is not None:
        raise Problem(
            403,
            "impersonating",
            gettext(
                "You see the site as %(name)s. The account itself is for its owner alone.",
                name=str(resolve()),
            ),
        )
    return login


def is_fresh(within: int | None = None) -> bool:
    """Whether the person has proved who they are within that time.

    :param within: minutes; ``LBACK_AUTH_FRESH_MINUTES`` when left out.
    """
    login = present_login()
    if login is None or login.mechanism not in _PERSONAL or login.impersonator is not None:
        return False
    minutes = current_state()[AuthSettings].fresh_minutes if within is None else within
    return (clock.now() - login.authenticated_at).total_seconds() < minutes * 60


class PersonalLoginRequired(Guard):
    """Let a view run for people who have signed in, and for no program with a token."""

    def check(self, view_name: str) -> ResponseReturnValue | None:
        """None when the person may go on, otherwise the answer.

        :raises Problem: 403, for a program with a token.
        """
        if present_login() is None:
            return refuse_anonymous()
        personal_login()
        return None


class FreshLoginRequired(PersonalLoginRequired):
    """Let a view run for people who have lately proved who they are.

    :param within: minutes; ``LBACK_AUTH_FRESH_MINUTES`` when left out.
    """

    def __init__(self, within: int | None = None) -> None:
        self._within = within

    def check(self, view_name: str) -> ResponseReturnValue | None:
        """As before, and asks for a proof."""
        refusal = super().check(view_name)
        if refusal is not None:
            return refusal
        return None if is_fresh(self._within) else ask_again()


@overload
def fresh_login_required(view: V) -> V: ...
@overload
def fresh_login_required(*, within: int | None = None) -> Callable[[V], V]: ...


def fresh_login_required(view: Any = None, *, within: int | None = None) -> Any:
    """Let a view run for people who have lately proved who they are.

    Others are asked for their password, or another proof, and led back; JSON gets the 401 problem
    ``reauthentication_required``. A program with a token cannot give one: 403 ``login_required``.

    :param within: minutes; ``LBACK_AUTH_FRESH_MINUTES`` when left out.
    """
    guard = FreshLoginRequired(within)
    return guard if view is None else guard(view)


def personal_login_required(view: V) -> V:
    """Let a view run for people who have signed in, and for no program with a token."""
    return PersonalLoginRequired()(view)


def ask_again() -> ResponseReturnValue:
    """Lead to the page that asks for a proof and back, or answer 401.

    :raises Problem: 401 ``reauthentication_required``, when the client asked for JSON.
    """
    if wants_json() or has_header_token(request):
        answer_json()
        raise Problem(401, "reauthentication_required", gettext("Prove again that it is you."))
    target = here() if request.method in ("GET", "HEAD") else None
    page = url_or_none("lback_auth.reauthenticate", next=target)
    if page is None:  # an application without our pages
        raise Problem(401, "reauthentication_required", gettext("Prove again that it is you."))
    return redirect(page)


def install(app: Flask) -> None:
    """Let Flask-Login's own ``fresh_login_required`` ask here, unless the application answers."""
    manager: Any = app.login_manager  # type: ignore[attr-defined]
    if manager.needs_refresh_callback is None:
        manager.needs_refresh_handler(_confirm)


def _confirm() -> Any:
    """Run a view that Flask-Login holds back, if the login is fresh.

    Flask-Login looks into the session only, and remembers there for good. It is told so for the
    time of this view: nothing is kept, and a login that grows old is asked again.
    """
    if not is_fresh():
        return ask_again()
    was_modified = session.modified
    session[_FLASK_LOGIN_FRESH] = True
    try:
        view = current_app.view_functions[str(request.endpoint)]
        return current_app.ensure_sync(view)(**(request.view_args or {}))
    finally:
        session.pop(_FLASK_LOGIN_FRESH)
        session.modified = was_modified
