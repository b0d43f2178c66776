"""Every mail of the accounts: sent by something, the same in both forms, and safe to open."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from html import unescape
from typing import Any

import pytest

from tests.support.browser import complaints_about

from .furnished import Furnished, furnished
from .mails import FOLDER, FRAMES, html_of, names, send_all, text_of

_URL = re.compile(r"https?://[^\s\"'<>]+")
#: What makes a mail program fetch something, or run it.
_FETCHES = re.compile(
    r"<(?:img|link|script|iframe|object|video|form)\b|\bsrc=|url\(|@import|\son\w+="
)
#: The only words that the HTML has and the text needs not.
_SPARE_LINK = "If the button does nothing, open this address:"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    """A site with every part on, and people in it."""
    with furnished(tmp_path_factory.mktemp("mails")) as served:
        yield served


@pytest.fixture(scope="module")
def mails(site: Furnished) -> dict[str, EmailMessage]:
    """Every mail that the site sends, by its template."""
    return send_all(site)


def test_every_template_has_both_forms_and_something_that_sends_it(
    mails: dict[str, EmailMessage],
) -> None:
    forms = {path.name for path in FOLDER.iterdir()}
    assert forms == {f"{name}.{form}" for name in names() | FRAMES for form in ("html", "txt")}
    assert set(mails) == names()


@pytest.mark.parametrize("name", sorted(names()))
def test_a_mail_says_the_same_in_both_forms(mails: dict[str, EmailMessage], name: str) -> None:
    text, html = text_of(mails[name]), html_of(mails[name])
    shown = words(re.sub(r"<(style|title)\b.*?</\1>", " ", html, flags=re.S))
    # Whatever the text says is in the HTML; what only leads to a link has its colon there alone.
    for line in filter(None, map(str.strip, text.replace("-- \n", "").splitlines())):
        assert line.rstrip(":") in shown
    # And the other way round.
    paragraphs = re.findall(r"<(?:p|h1)\b[^>]*>(.*?)</(?:p|h1)>", html, flags=re.S)
    said = " ".join(text.split())
    assert len(paragraphs) > 2
    for paragraph in map(words, paragraphs):
        assert paragraph.replace(_SPARE_LINK, "").split("http")[0].strip() in said
    assert set(_URL.findall(unescape(html))) == set(_URL.findall(text))


@pytest.mark.parametrize("name", sorted(names()))
def test_a_mail_fetches_nothing_and_leads_to_this_site_alone(
    site: Furnished, mails: dict[str, EmailMessage], name: str
) -> None:
    html = html_of(mails[name])
    assert _FETCHES.findall(html) == []
    assert [url for url in _URL.findall(html) if not url.startswith(f"{site.url}/auth/")] == []


@pytest.mark.parametrize("name", sorted(names()))
def test_a_subject_tells_what_the_mail_is_about_and_where_it_is_from(
    mails: dict[str, EmailMessage], name: str
) -> None:
    subject = str(mails[name]["Subject"])
    heading = words("".join(re.findall(r"<h1>(.*?)</h1>", html_of(mails[name]), flags=re.S)))
    title = words("".join(re.findall(r"<title>(.*?)</title>", html_of(mails[name]), flags=re.S)))
    about, _, where = subject.rpartition(" - ")
    assert where == "Tidewater"
    assert title == about
    assert heading.startswith(about)
    assert text_of(mails[name]).splitlines()[2] == heading


@pytest.mark.browser
@pytest.mark.service
def test_everybody_can_read_the_mails(
    mails: dict[str, EmailMessage], new_page: Callable[..., Any]
) -> None:
    page, log = new_page(viewport={"width": 600, "height": 800})
    complaints = []
    for name, mail in mails.items():
        page.set_content(html_of(mail))
        complaints += [f"{name}: {found}" for found in complaints_about(page, (320,))]
    assert complaints == []
    log.assert_clean()


def words(html: str) -> str:
    """The text of some HTML, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
