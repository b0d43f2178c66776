"""The documentation is built without a warning, and asks no other host for anything."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from flask_lback.core.settings import declarations
from flask_lback.extension import every_settings_class
from tests.support.services import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("documentation")]

#: What a browser loads by itself, on another host.
LOADED = re.compile(
    r"<(?:script|img|iframe|source|video|audio)\b[^>]*\bsrc=[\"']?(?:https?:)?//[^\"' >]+"
    r"|<link\b(?=[^>]*\brel=[\"']?(?:stylesheet|preload|icon|preconnect))"
    r"[^>]*\bhref=[\"']?(?:https?:)?//[^\"' >]+"
    r"|@import[^;]+//[^;]+|url\([\"']?(?:https?:)?//[^)]+\)",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The HTML, from a cold start."""
    folder = tmp_path_factory.mktemp("html")
    result = subprocess.run(
        [
            *(sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"),
            *("-d", folder / "doctrees", ROOT / "docs", folder / "html"),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return folder / "html"


def test_no_page_loads_anything_from_another_host(built: Path) -> None:
    files = [*built.rglob("*.html"), *built.rglob("*.css")]
    assert len(files) > 20
    found = {
        path.name: match.group() for path in files if (match := LOADED.search(path.read_text()))
    }
    assert found == {}


def test_readers_do_not_get_what_only_tests_read(built: Path) -> None:
    (page,) = built.rglob("first-steps.html")
    assert "tests.support" not in page.read_text()
    assert "not run" not in page.read_text()


def test_what_loads_from_another_host_would_be_noticed() -> None:
    for source in (
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        "@font-face { src: url(https://fonts.example/x.woff2) }",
    ):
        assert LOADED.search(source)
    assert not LOADED.search('<a href="https://example.org/">x</a><link rel="next" href="x.html">')


def test_every_setting_and_check_can_be_linked_to(built: Path) -> None:
    settings = (built / "reference" / "settings.html").read_text()
    for kind in every_settings_class():
        for declared in declarations(kind):
            assert f'id="{declared.key.lower().replace("_", "-")}"' in settings, declared.key
    checks = (built / "reference" / "checks.html").read_text()
    assert 'id="auth-w001"' in checks
