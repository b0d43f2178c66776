"""What people are told who may not see a page, in HTML and as a problem document."""

from __future__ import annotations

from typing import Any, NoReturn

from flask import flash, redirect, request, url_for
from werkzeug.routing import BuildError

from ..core.errors import Problem, wants_json
from ..core.redirects import here
from ..core.translation import gettext
from ..security.csrf import has_header_token


def refuse_anonymous() -> Any:
    """Lead to the sign-in page and back, or answer 401.

    :raises Problem: 401, when the client asked for JSON or there is no sign-in page.
    """
    login = None if wants_json() or has_header_token(request) else _login_page()
    if login is None:
        raise Problem(
            401,
            "not_authenticated",
            gettext("Sign in first."),
            headers={"WWW-Authenticate": 'Bearer realm="api"'},
        )
    flash(gettext("Sign in to see this page."), "info")
    return redirect(login)


def refuse_forbidden(permission: str | None = None) -> NoReturn:
    """Answer 403, naming the permission to people who are signed in.

    :raises Problem: always.
    """
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
