"""Links in mails lead to this site, whatever Host header somebody sends."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, request

from flask_lback import ConfigError
from flask_lback.core.checks import Checks
from flask_lback.core.state import state_of
from flask_lback.mail.links import external_url, is_loopback, site_url
from tests.core.making import make_app

REMEDY = 'Set LBACK_SITE_URL, such as "https://example.org", or SERVER_NAME.'


def shop(**config: Any) -> Flask:
    app = make_app("tasks", "mail", **config)

    @app.get("/link/")
    def link() -> str:
        return external_url("link", a="1&2")

    return app


def link_for(host: str, **config: Any) -> str:
    """The link in a mail that a request to this host causes."""
    environ = {"HTTP_HOST": host}
    return shop(**config).test_client().get("/link/", environ_overrides=environ).text


@pytest.mark.parametrize(
    ("config", "base"),
    [
        ({"LBACK_SITE_URL": "https://shop.example"}, "https://shop.example"),
        ({"LBACK_SITE_URL": "https://shop.example/"}, "https://shop.example"),
        ({"LBACK_SITE_URL": "https://shop.example/app/"}, "https://shop.example/app"),
        ({"LBACK_SITE_URL": "http://shop.example:8080"}, "http://shop.example:8080"),
        ({"SERVER_NAME": "shop.example"}, "http://shop.example"),
        (
            {"SERVER_NAME": "shop.example", "PREFERRED_URL_SCHEME": "https"},
            "https://shop.example",
        ),
        (
            {"SERVER_NAME": "old.example", "LBACK_SITE_URL": "https://shop.example"},
            "https://shop.example",
        ),
    ],
)
def test_links_are_built_from_the_configuration(config: dict[str, Any], base: str) -> None:
    for host in ("e.example", "localhost"):
        assert link_for(host, **config) == f"{base}/link/?a=1%262"


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "127.0.0.1:5000", "[::1]:5000"])
def test_without_configuration_a_loopback_host_is_used(host: str) -> None:
    assert link_for(host) == f"http://{host}/link/?a=1%262"


@pytest.mark.parametrize("host", ["e.example", "localhost.e.example", "10.0.0.1", "127.0.0.1.e"])
def test_without_configuration_any_other_host_is_an_error_with_its_remedy(host: str) -> None:
    with pytest.raises(ConfigError) as caught:
        link_for(host)
    message = f"Links in mails cannot be built from the host {host!r}. {REMEDY}"
    assert str(caught.value) == message


def test_forwarding_headers_change_nothing() -> None:
    headers = {"X-Forwarded-Host": "e.example", "Forwarded": "host=e.example"}
    answer = shop().test_client().get("/link/", headers=headers)
    assert answer.text.startswith("http://localhost/")


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("localhost", True),
        ("LOCALHOST:80", True),
        ("shop.localhost", True),
        ("127.0.0.1", True),
        ("127.1.2.3:8000", True),
        ("[::1]", True),
        ("[::1]:80", True),
        ("", False),
        ("e.example", False),
        ("0.0.0.0", False),  # noqa: S104
        ("localhost.e.example", False),
        ("elocalhost", False),
        ("[::2]", False),
        ("[", False),
        ("localhost@e.example", False),
        ("e@localhost", False),
        ("e.example\\.localhost", False),
        ("e.example/.localhost", False),
        ("e.example#.localhost", False),
        ("e.example?.localhost", False),
        ("localhost:", False),
        ("localhost:80\n", False),
        ("localhost:80@e", False),
    ],
)
def test_only_a_name_of_this_machine_is_loopback(host: str, ours: bool) -> None:
    assert is_loopback(host) is ours


@pytest.mark.parametrize(
    ("config", "link"),
    [
        ({"LBACK_SITE_URL": "https://shop.example"}, "https://shop.example/link/?a=1"),
        ({"SERVER_NAME": "shop.example"}, "http://shop.example/link/?a=1"),
        (
            {"LBACK_SITE_URL": "https://shop.example", "APPLICATION_ROOT": "/app"},
            "https://shop.example/app/link/?a=1",
        ),
    ],
)
def test_a_command_builds_links_without_a_request(config: dict[str, Any], link: str) -> None:
    with shop(**config).app_context():
        assert external_url("link", a="1") == link


def test_a_command_without_configuration_is_told_the_remedy() -> None:
    app = shop()
    with app.app_context(), pytest.raises(ConfigError) as caught:
        external_url("link")
    assert str(caught.value) == (
        f"Links in mails cannot be built from the host 'no request'. {REMEDY}"
    )


def test_links_keep_the_place_where_the_application_is_mounted() -> None:
    with shop().test_request_context(base_url="http://localhost/app"):
        assert request.root_path == "/app"
        assert external_url("link") == "http://localhost/app/link/"


@pytest.mark.parametrize(
    "url",
    ["example.org", "//example.org", "ftp://example.org", "https://", "https://e.org?x", "x y",
     "https://e.org/#x", "https://a@e.org", "javascript:x", ""],
)  # fmt: skip
def test_a_site_url_that_no_link_can_be_built_from_stops_the_start(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^LBACK_SITE_URL is '.*'\. Scheme and host"):
        shop(LBACK_SITE_URL=url)


def test_the_deploy_check_asks_for_a_host() -> None:
    def findings(**config: Any) -> set[str]:
        app = shop(**config)
        return {one.id for one in state_of(app)[Checks].run(app, deploy=True)}

    assert "mail.E001" in findings()
    assert "mail.E001" not in findings(SERVER_NAME="shop.example")


def test_the_site_s_address_has_no_slash_at_its_end() -> None:
    assert site_url(shop(LBACK_SITE_URL="https://shop.example//")) == "https://shop.example"
