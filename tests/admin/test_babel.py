"""Flask-Babel that is installed, and not set up (Flask-Admin issues 2609 and 2827)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.services import ROOT

#: What Flask-Babel does in an application that did not call ``Babel(app)``.
STUB = """
from flask import current_app

class Domain:
    def __init__(self, *args, **options): ...
    translation_directories = []
    def gettext(self, text, **values):
        raise KeyError("babel")
    ngettext = get_translations = gettext
    def lazy_gettext(self, text, **values):
        return text

def get_locale():
    return current_app.extensions["babel"].locale
"""
SCRIPT = """
import flask_babel
from flask_admin import babel
assert babel.Domain is flask_babel.Domain
from tests.admin.blog import make_blog
blog = make_blog()
blog.add_superuser()
key = blog.add_post("First", author="root")
panel = blog.panel("root")
for page in ("", "new/", f"edit/?id={key}", f"delete/?id={key}", "?q=x&status=draft"):
    response = panel.get("/admin/blog/post/" + page)
    assert response.status_code == 200, page
response = panel.post("/admin/blog/post/new/", title="", slug="first", published_at="x")
assert response.status_code == 400
assert panel.delete("/admin/blog/post/", key).status_code == 302
"""


def test_the_panel_works_beside_a_babel_that_is_not_set_up(tmp_path: Path) -> None:
    (tmp_path / "flask_babel.py").write_text(STUB)
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-3000:]
