"""What people are told who may not see a page, in HTML and as a problem document."""

from __future__ import annotations

from collections.abc import Collection
from typing import NoReturn

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.routing import BuildError

from ..core.errors import Problem, wants_json
from ..core.redirects import here
from ..core.security_log import write_refusal
from ..core.state import current_state
from ..core.translation import gettext
from ..security.csrf import has_header_token, is_basic, is_from_browser
from .passwords.required_change import is_held, lead_to_change
from .sessions.principal import USER
from .settings import AuthSettings


def refuse_anonymous(mechanisms: Collection[str] | None = None) -> ResponseReturnValue:
    """Lead to the sign-in page and back, or answer 401.

    An account that has to choose another password first is led there.

    :param mechanisms: those that the view accepts; those of the application when left out.
    :raises Problem: 401, when the client asked for JSON or there is no sign-in page.
    """
    if is_held():
        return lead_to_change()
    accepted = current_state()[AuthSettings].mechanisms if mechanisms is None else mechanisms
    login = _login_page() if "session" in accepted and not _is_program(accepted) else None
    if login is None:
        raise Problem(
            401, "not_authenticated", gettext("Sign in first."), headers=challenges(accepted)
        )
    flash(gettext("Sign in to see this page."), "info")
    return redirect(login)


def challenges(mechanisms: Collection[str]) -> dict[str, str]:
    """The header that says how to ask again (RFC 9110 section 11.6.1).

    Basic is left out for a browser that has another way in: it would cover the page with a dialog
    of its own, and remember what is typed there.
    """
    found = []
    if "jwt" in mechanisms or "token" in mechanisms:
        found.append('Bearer realm="api"')
    if "basic" in mechanisms and (len(mechanisms) == 1 or not is_from_browser(request)):
        found.append('Basic realm="api", charset="UTF-8"')
    return {"WWW-Authenticate": ", ".join(found)} if found else {}


def _is_program(mechanisms: Collection[str]) -> bool:
    """Whether a sign-in page would be of no use."""
    has_password = "basic" in mechanisms and is_basic(request)
    return wants_json() or has_header_token(request) or has_password


def refuse_forbidden(permission: str | None = None) -> NoReturn:
    """Answer 403, naming the permission to people who are signed in.

    It is a line of the security log (ASVS 16.3.2).

    :raises Problem: always.
    """
    user = vars(g._get_current_object()).get(USER)
    account = "" if user is None else str(user)
    write_refusal("security.forbidden", account=account, permission=permission or "")
    if permission is None:
        raise Problem(403, "permission_denied", gettext("This page is not for your account."))
    raise Problem(
        403,
        "permission_denied",
        gettext("This page needs the permission %(name)s.", name=permission),
        permission=permission,
    )


def _login_page() -> str | None:
    target = here() if request.method in ("GET", "HEAD") else None
    try:
        return url_for("lback_auth.login", next=target)
    except BuildError:
        return None
