"""The list of one million records in the panel: first and last page, beside Flask-Admin and Django.

SQLite; 50 rows with six columns, one of them a relation, newest first. Our panel and Django's are
asked by a superuser, bare Flask-Admin by anybody.
"""

from __future__ import annotations

import importlib.util

from .admin_peers import FIRST, LAST, django, flask_admin, flask_lback
from .harness import Contender, Difference, Ratio, measure

OURS, THEIRS, DJANGO = "flask_lback", "bare Flask-Admin", "Django admin"
#: Pages take milliseconds, some of them many: fewer of them warm up as well.
WARM_UP = 8


def run() -> list[Ratio | Difference]:
    """Measure the panels that are installed; a page of ours over each of the others."""
    contenders: dict[str, Contender] = {OURS: flask_lback, THEIRS: flask_admin}
    if importlib.util.find_spec("django"):
        contenders[DJANGO] = django
    times = measure(contenders, (FIRST, LAST), warm_up=WARM_UP)
    return [
        times.ratio(OURS, other, page, f"{OURS}, {name} page")
        for page, name in enumerate(("first", "last"))
        for other in contenders
        if other != OURS
    ]
