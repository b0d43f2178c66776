"""The three pages that send a link share a layout; an application replaces each by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.apps import Site
from tests.support.visitor import Visitor

Ready = Callable[..., Site]
PAGES = {
    "request_magic_link": ("magic-link/request", "Sign in by mail", "use your password?"),
    "request_reset_password": ("request-reset-password", "Choose a new password", "Remembered it?"),
    "resend_verification": ("resend-verification", "Send the link again", "Confirmed already?"),
}
ON = {"LBACK_AUTH_MAGIC_LINK_ENABLED": True}


def shown(site: Site) -> dict[str, str]:
    return {name: Visitor(site.app).get(f"/auth/{PAGES[name][0]}/").text for name in PAGES}


def test_each_page_has_its_own_words_around_the_shared_form(make_ready: Ready) -> None:
    for name, text in shown(make_ready(**ON)).items():
        _, title, question = PAGES[name]
        assert f'<h1 class="title">{title}</h1>' in text
        assert '<p class="lead">Enter ' in text
        assert 'name="email"' in text
        assert f"{question} <a " in text


@pytest.mark.parametrize("replaced", list(PAGES))
def test_an_application_replaces_one_and_keeps_the_others(
    make_ready: Ready, tmp_path: Path, replaced: str
) -> None:
    folder = tmp_path / "lback" / "auth"
    folder.mkdir(parents=True)
    (folder / f"{replaced}.html").write_text("own page {{ form.email.name }}")
    site = make_ready(**ON)
    site.app.template_folder = str(tmp_path)
    pages = shown(site)
    assert pages.pop(replaced) == "own page email"
    assert all('<h1 class="title">' in text for text in pages.values())


@pytest.mark.parametrize("kept", list(PAGES))
def test_an_application_changes_one_block_of_a_page(
    make_ready: Ready, tmp_path: Path, kept: str
) -> None:
    (tmp_path / "mine.html").write_text(
        f'{{% extends "lback/auth/{kept}.html" %}}{{% block lead %}}<p>Ours.</p>{{% endblock %}}'
    )
    site = make_ready(**ON, **{f"LBACK_AUTH_{kept.upper()}_TEMPLATE": "mine.html"})
    site.app.template_folder = str(tmp_path)
    text = shown(site)[kept]
    assert f'<h1 class="title">{PAGES[kept][1]}</h1>' in text
    assert "<p>Ours.</p>" in text
    assert 'class="lead"' not in text
