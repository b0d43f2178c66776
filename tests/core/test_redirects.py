"""Where a sign-in may lead: nowhere but this site, whatever a browser makes of the address."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask, redirect
from flask.typing import ResponseReturnValue
from hypothesis import example, given
from hypothesis import strategies as st

from flask_lback.core.redirects import LONGEST, here, is_safe_redirect, safe_redirect_target

OTHER_SITES = {
    "OR-1": [
        "//e", "///e", "////e", "\\\\e", "/\\e", "\\/e", "/\\/e", "/%5ce", "/%2f%2fe", "/%5Ce",
        "/%09/e", "/%0a/e", "/%0D/e", "/\t/e", "/\n/e", "\t//e", " //e", "/\x00/e", "/\u200b/e",
        "/\u2028/e", "/\ud800", "/a\\b",
    ],
    "OR-2": ["https:e", "http:///e", "https:/e", "HTTPS://e", "hTtP:e", "https://e/"],
    "OR-4": ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "x:", "JaVaScRiPt:x"],
    "OR-5": [
        "http://localhost@e", "http://localhost.e", "http://elocalhost", "http://localhost:80@e",
        "http://localhost:81/", "//localhost@e",
    ],
    "OR-6": ["/" + "a" * 10_000, "/x\r\nLocation: //e", "/x\r\nSet-Cookie: a=b"],
    "none": ["", "e", "page", "./page", "?x=1", "#x"],
}  # fmt: skip
PAGES = [
    "/",
    "/account/",
    "/a?b=c",
    "/login?next=/login?next=//e",
    "/ü/ñ?q=ж",
    "/a//b",
    "/a:80",
    "/@e",
]


@pytest.mark.parametrize("target", [one for group in OTHER_SITES.values() for one in group])
def test_an_address_of_another_site_is_refused(target: str) -> None:
    assert not is_safe_redirect(target)


@pytest.mark.parametrize("target", PAGES)
def test_a_page_of_this_site_is_accepted(target: str) -> None:
    assert is_safe_redirect(target)


def test_nothing_is_no_page() -> None:
    assert not is_safe_redirect(None)


def as_a_browser_sees_it(target: str) -> str:
    """What the URL standard does before it parses: strip, drop tabs and newlines, turn slashes."""
    text = re.sub(r"[\t\n\r]", "", target.strip("".join(map(chr, range(33)))))
    return text.replace("\\", "/")


HOSTILE = st.text(st.sampled_from("/\\%:@.e?#;& \t\r\n\x00\x1fhtpsHTPS25cCfF09aAdD\u200b\u2028"))


@given(st.one_of(HOSTILE, HOSTILE.map(lambda text: "/" + text), st.text().map("/".__add__)))
@example("/\\/e")
@example("/%5c/e")
def test_whatever_is_accepted_stays_on_the_site(target: str) -> None:
    if not is_safe_redirect(target):
        return
    assert len(target) <= LONGEST
    seen = urljoin("http://site.example/", as_a_browser_sees_it(target))
    assert urlsplit(seen).netloc == "site.example"
    location = redirect(target).headers["Location"]
    assert urlsplit(urljoin("http://site.example/", location)).netloc == "site.example"


@pytest.fixture
def app() -> Flask:
    app = Flask("site")

    @app.route("/go", methods=["GET", "POST"])
    def go() -> ResponseReturnValue:
        return redirect(safe_redirect_target("/default"))

    @app.get("/here")
    def where() -> str:
        return here()

    return app


@pytest.mark.parametrize(
    ("query", "form", "location"),
    [
        ("", {}, "/default"),
        ("?next=/a", {}, "/a"),
        ("?next=//e", {}, "/default"),
        ("?next=%2F%5Ce", {}, "/default"),
        ("?next=/a", {"next": "/b"}, "/b"),
        ("?next=/a", {"next": "//e"}, "/a"),
        ("?next=/a&next=/b", {}, "/default"),
        ("?next=/a&next=/a", {}, "/a"),
        ("?next[]=/a", {}, "/default"),
        ("", {"next": ["/a", "//e"]}, "/default"),
    ],
)
def test_next_leads_there_when_it_is_one_safe_page(
    app: Flask, query: str, form: dict[str, str], location: str
) -> None:
    answer = app.test_client().post(f"/go{query}", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (302, location)


def test_the_way_back_keeps_the_query(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/here").text == "/here"
    assert client.get("/here?a=1").text == "/here?a=1"
