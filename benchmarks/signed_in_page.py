"""A signed-in page that asks ten permissions, against bare Flask with a SECRET_KEY.

The account is one of 1,000 in a SQLite file, in 3 groups with 20 permissions each; the page
answers with its name. Flask-Login with an account from the ORM asks nothing.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

from flask import Flask

from .harness import Contender, Ratio, compare
from .peers import (
    CHECKS,
    CHOSEN,
    GROUPS,
    RIGHTS_OF_A_GROUP,
    SECRET_KEY,
    USERS,
    bare,
    django,
    flask_login,
    flask_security,
    folder,
)


def lback(checks: int = len(CHECKS)) -> tuple[Any, Mapping[str, str]]:
    """``Lback(app)`` with everything on."""
    from flask_lback import Lback
    from flask_lback.auth import current_user, login_required
    from flask_lback.db.schema import initialize
    from flask_lback.testing import sign_in

    app = Flask("measured")
    app.config.update(
        SECRET_KEY=SECRET_KEY,
        LBACK_ENV="local",
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder() / 'bench.sqlite'}",
    )
    extension = Lback(app)
    asked = [CHECKS[number % len(CHECKS)] for number in range(checks)]

    @app.get("/")
    @login_required
    def home() -> str:
        user: Any = current_user._get_current_object()
        allowed = [name for name in asked if user.has_permission(name)]
        return f"hello {user.username}" if len(allowed) == len(asked) else "no"

    db, models = extension.db, extension.models
    with app.app_context():
        initialize(app)
        rights = [
            models.Permission(name=f"app.right_{n}") for n in range(GROUPS * RIGHTS_OF_A_GROUP)
        ]
        groups = [
            models.Group(
                name=f"group {n}",
                permissions=rights[n * RIGHTS_OF_A_GROUP : (n + 1) * RIGHTS_OF_A_GROUP],
            )
            for n in range(GROUPS)
        ]
        users = [
            models.User(username=f"user{n}", email=f"user{n}@example.org") for n in range(USERS)
        ]
        users[CHOSEN].groups = groups
        db.session.add_all([*rights, *groups, *users])
        db.session.commit()
        client = sign_in(app, users[CHOSEN])
    cookie = client.get_cookie("lback_session")
    return app, {"Cookie": f"lback_session={cookie.value if cookie else ''}"}


def lback_110() -> tuple[Any, Mapping[str, str]]:
    """The same with a hundred checks more."""
    return lback(110)


BARE = "bare Flask with a SECRET_KEY"
CONTENDERS: dict[str, Contender] = {
    BARE: bare,
    "flask_lback, 10 permission checks": lback,
    "flask_lback, 110 permission checks": lback_110,
    "Flask-Login with an ORM user, no checks": flask_login,
}
#: The peers that need a package which is not among this project's tools.
GUESTS: dict[str, tuple[str, Contender]] = {
    "Flask-Security, 10 permission checks": ("flask_security", flask_security),
    "Django, 10 permission checks": ("django", django),
}


def run() -> list[Ratio]:
    """Measure everybody who is installed."""
    present = {
        name: make for name, (package, make) in GUESTS.items() if importlib.util.find_spec(package)
    }
    return compare({**CONTENDERS, **present}, yardstick=BARE)
