"""Registration tells nobody who has an account, and is no way to send mails to others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flask_lback.exceptions import ConfigError
from flask_lback.testing import record_signals
from flask_lback.testing.kit import outbox_of
from tests.support.apps import Site
from tests.support.databases import DATABASES

from .support import NEW_PASSWORD, register, told


@pytest.mark.parametrize(
    "mistake",
    [
        {"password": "password"},
        {"password": "short"},
        {"username": "maya"},
        {"username": "admin"},
        {"username": "maya", "password": "short"},
    ],
    ids=lambda mistake: "+".join(f"{name}={value}" for name, value in mistake.items()),
)
def test_rg_1_a_second_mistake_does_not_reveal_a_known_address(
    site: Site, mistake: dict[str, str]
) -> None:
    site.add_user("maya")
    fields = {"username": "kofi", **mistake}
    with record_signals("user_registration_failed") as sent:
        known = told(register(site, **fields, email="maya@example.org"), "maya@example.org")
    assert known == told(register(site, **fields, email="new@example.org"), "new@example.org")
    assert known.startswith("400 ")
    assert [values["error_type"] for _, values in sent] == ["duplicate"]


@pytest.mark.parametrize("kind", DATABASES)
@pytest.mark.parametrize(
    ("username", "email"),
    [("ß" * 150, "kofi@example.org"), ("kofi", "ﷺ" * 20 + "@example.org")],
    ids=["username", "email"],
)
def test_rg_9_a_name_that_grows_when_it_is_folded_is_refused_and_no_error(
    make_ready: Callable[..., Site], kind: str, username: str, email: str
) -> None:
    site = make_ready("default", kind)
    assert register(site, username, email=email).status_code == 400


def test_ev_6_registering_again_and_again_fills_nobodys_mailbox(site: Site) -> None:
    site.add_user("maya")
    answers = {
        told(register(site, f"kofi{number}", email="maya@example.org"), f"kofi{number}")
        for number in range(6)
    }
    assert len(answers) == 1
    assert [str(mail["To"]) for mail in outbox_of(site.app)] == ["maya@example.org"]


def test_rg_10_a_stricter_form_under_a_wrong_name_stops_the_start(
    make_ready: Callable[..., Site],
) -> None:
    with pytest.raises(ConfigError, match="Did you mean 'register'"):
        make_ready(LBACK_AUTH_FORMS={"regsiter": "somewhere.InvitedOnlyForm"})


def test_ho_1_a_site_that_cannot_write_links_makes_no_account_that_nobody_can_confirm(
    make_ready: Callable[..., Site],
) -> None:
    site = make_ready(TRUSTED_HOSTS=["localhost", "shop.example"])
    client = site.app.test_client()
    page = client.get("/auth/register/", base_url="http://shop.example")
    from tests.support.visitor import hidden_fields

    fields = {"username": "kofi", "email": "kofi@example.org", "password": NEW_PASSWORD}
    with pytest.raises(ConfigError, match="LBACK_SITE_URL"):
        client.post(
            "/auth/register/",
            base_url="http://shop.example",
            data={**hidden_fields(page.text), **fields, "password_confirm": NEW_PASSWORD},
        )
    with site.app.app_context():
        assert site.user("kofi") is None
