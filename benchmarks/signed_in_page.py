"""A signed-in page that asks ten permissions, against bare Flask with a SECRET_KEY.

The account is one of 1,000 in a SQLite file, in 3 groups with 20 permissions each; the page
answers with its name. Flask-Login with an account from the ORM asks nothing.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

from flask import Flask

from .harness import Contender, Difference, Ratio, difference, measure
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


def lback() -> tuple[Any, Mapping[str, str]]:
    """``Lback(app)`` with its default middleware list; ``/more`` asks a hundred times more."""
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

    def page(asked: list[str]) -> str:
        user: Any = current_user._get_current_object()
        allowed = [name for name in asked if user.has_permission(name)]
        return f"hello {user.username}" if len(allowed) == len(asked) else "no"

    app.add_url_rule("/", "home", login_required(lambda: page(CHECKS)))
    app.add_url_rule("/more", "more", login_required(lambda: page(CHECKS * 11)))

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


BARE = "bare Flask with a SECRET_KEY"
OURS = "flask_lback, 10 permission checks"
CONTENDERS: dict[str, Contender] = {
    BARE: bare,
    OURS: lback,
    "Flask-Login with an ORM user, no checks": flask_login,
}
#: The peers that need a package which is not among this project's tools.
GUESTS: dict[str, tuple[str, Contender]] = {
    "Flask-Security, 10 permission checks": ("flask_security", flask_security),
    "Django, 10 permission checks": ("django", django),
}


def run() -> list[Ratio | Difference]:
    """Measure everybody who is installed, and what a check more costs."""
    present = {
        name: make for name, (package, make) in GUESTS.items() if importlib.util.find_spec(package)
    }
    times = measure({**CONTENDERS, **present})
    return [
        *(times.ratio(name, BARE) for name in [*CONTENDERS, *present]),
        *(times.ratio(name, OURS) for name in present),
        difference("100 permission checks more", lback, "/", "/more"),
    ]
