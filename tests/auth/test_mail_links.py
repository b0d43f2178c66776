"""Links of mails that lead to an application's own front end, and mails that nobody can get."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Mapped, mapped_column

from flask_lback import Lback
from flask_lback.auth import AbstractUser, UserManager
from flask_lback.core.checks import Checks
from flask_lback.core.state import state_of
from flask_lback.db.schema import initialize
from flask_lback.exceptions import ConfigError
from flask_lback.testing import use_cheap_hasher
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, SECRET_KEY, Site, own_db
from tests.support.visitor import Visitor

Ready = Callable[..., Site]
FRONT = "https://app.example"
LINKS = {
    "verify_email": FRONT + "/#/verify/{token}",
    "reset_password": FRONT + "/reset?token={token}",
    "confirm_email": "/spa/confirm?token={token}",
    "magic_link": FRONT + "/enter?token={token}&from=mail",
    "request_reset_password": FRONT + "/forgotten",
}
JSON_ONLY = {"LBACK_AUTH_URL_PREFIX": None, "LBACK_SITE_URL": "https://site.example"}
MAYA = {"username": "maya", "email": "maya@example.org", "password": PASSWORD}


def links_of(place: Any) -> list[str]:
    """The address in each mail that was sent, and no mail twice."""
    box: Any = outbox_of(place.app)
    found = [str(mail.get_body(("plain",)).get_content()) for mail in box]
    box.clear()
    return [" ".join(re.findall(r"https?://\S+", text)) for text in found]


def post(place: Any, path: str, document: Any, **options: Any) -> Any:
    return Visitor(place.app).post_json(f"/api/auth/{path}/", document, **options)


def test_an_application_with_json_alone_mails_links_to_its_front_end(make_ready: Ready) -> None:
    site = make_ready(LBACK_AUTH_LINKS=LINKS, **JSON_ONLY)
    assert post(site, "register", MAYA).status_code == 202
    [link] = links_of(site)
    assert link.startswith("https://app.example/#/verify/")
    token = link.rpartition("/")[2]
    assert post(site, "verify-email", {"token": token}).status_code == 200

    assert post(site, "request-reset-password", {"email": "maya@example.org"}).status_code == 202
    [link] = links_of(site)
    assert link.startswith("https://app.example/reset?token=")
    new = {"token": link.partition("=")[2], "new_password": "another long sentence"}
    assert post(site, "reset-password", new).status_code == 200
    assert links_of(site) == ["https://app.example/forgotten"]  # the notice of the change

    login = {"identifier": "maya", "password": "another long sentence"}
    bearer = {"Authorization": "Bearer " + post(site, "login", login).json["access_token"]}
    links_of(site)
    change = {"email": "new@example.org", "current_password": "another long sentence"}
    assert post(site, "change-email", change, headers=bearer).status_code == 202
    link, notice = links_of(site)
    assert link.startswith("https://site.example/spa/confirm?token=")
    assert notice == "https://app.example/forgotten"
    assert post(site, "confirm-email", {"token": link.partition("=")[2]}).status_code == 200


def test_a_magic_link_leads_to_the_front_end_as_well(make_ready: Ready) -> None:
    settings = {"LBACK_AUTH_MAGIC_LINK_SAME_BROWSER": False, "LBACK_AUTH_MAGIC_LINK_ENABLED": True}
    site = make_ready(LBACK_AUTH_LINKS=LINKS, **settings, **JSON_ONLY)
    site.add_user("maya")
    assert post(site, "magic-link/request", {"email": "maya@example.org"}).status_code == 202
    [link] = links_of(site)
    found = re.fullmatch(r"https://app\.example/enter\?token=(\S+)&from=mail", link)
    assert found is not None
    assert post(site, "magic-link", {"token": found[1]}).status_code == 200


def test_links_win_over_the_pages_where_both_are_there(make_ready: Ready) -> None:
    site = make_ready(LBACK_AUTH_LINKS={"reset_password": LINKS["reset_password"]})
    site.add_user("maya")
    Visitor(site.app).submit("/auth/request-reset-password/", email="maya@example.org")
    assert links_of(site)[0].startswith("https://app.example/reset?token=")


@pytest.mark.parametrize("missing", ["verify_email", "reset_password", "confirm_email"])
def test_without_page_and_link_no_request_is_answered(make_ready: Ready, missing: str) -> None:
    links = {page: url for page, url in LINKS.items() if page != missing}
    site = make_ready(LBACK_AUTH_LINKS=links, **JSON_ONLY)
    client = site.app.test_client()
    for _ in range(2):
        with pytest.raises(ConfigError, match=f"no page '{missing}' .* Set LBACK_AUTH_LINKS = "):
            client.get("/")
    with site.app.app_context():
        found = [one.id for one in state_of(site.app)[Checks].run(site.app)]
    assert "auth.E002" in found


@pytest.mark.parametrize("path", ["request-reset-password", "resend-verification", "register"])
def test_a_missing_link_answers_known_and_unknown_addresses_alike(
    make_ready: Ready, path: str
) -> None:
    site = make_ready(
        LBACK_AUTH_VERIFY_EMAIL=path == "register", PROPAGATE_EXCEPTIONS=False, **JSON_ONLY
    )
    site.add_user("maya", verified=False)
    documents = [{**MAYA, "email": f"{name}@example.org"} for name in ("maya", "nobody")]
    answers = [post(site, path, document) for document in documents]
    assert [answer.status_code for answer in answers] == [500, 500]
    with site.app.app_context():
        assert site.db.session.query(site.models.User).count() == 1


def test_an_application_whose_json_mails_nothing_is_served(make_ready: Ready) -> None:
    for settings in ({"LBACK_API_URL_PREFIX": None}, {"LBACK_AUTH_LINKS": LINKS}):
        site = make_ready(**JSON_ONLY, **settings)
        assert site.app.test_client().get("/").text == "home"
    by_hand = make_ready(**JSON_ONLY)
    by_hand.app.register_blueprint(by_hand.lback.blueprint("auth"), url_prefix="/people")
    assert by_hand.app.test_client().get("/people/login/").status_code == 200


@pytest.mark.parametrize(
    ("links", "message"),
    [
        ({"verify_mail": FRONT}, "names the page 'verify_mail'. Did you mean 'verify_email'?"),
        ({"verify_email": FRONT + "/verify"}, "has no place for the token. Give it one, such as"),
        ({"verify_email": "app.example/{token}"}, "Give an address such as 'https://app.example/"),
        ({"verify_email": "javascript:a('{token}')"}, "Give an address such as 'https://app.ex"),
        ({"verify_email": "//app.example/{token}"}, "Give an address such as 'https://app.example"),
        ({"login": "https://a b.example"}, "Give an address such as 'https://app.example/login'"),
    ],
)
def test_a_link_that_no_mail_could_use_stops_the_start(links: dict[str, str], message: str) -> None:
    app = Flask("shop")
    app.config.update(SECRET_KEY=SECRET_KEY, SQLALCHEMY_DATABASE_URI="sqlite://")
    app.config["LBACK_AUTH_LINKS"] = links
    with pytest.raises(ConfigError, match=re.escape(message)):
        Lback(app)


def test_an_account_without_an_address_is_mailed_nothing() -> None:
    db = own_db()
    model: Any = db.Model

    class User(AbstractUser, model):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        email: Mapped[str | None] = mapped_column(sa.String(254))  # type: ignore[assignment]
        email_canonical: Mapped[str | None] = mapped_column(  # type: ignore[assignment]
            sa.String(254), unique=True
        )

    app = Flask("quiet")
    app.config.update(SECRET_KEY=SECRET_KEY, TESTING=True, SQLALCHEMY_DATABASE_URI="sqlite://")
    app.config["LBACK_AUTH_VERIFY_EMAIL"] = False
    db.init_app(app)
    Lback(app, db=db, user_model=User)
    use_cheap_hasher(app)
    with app.app_context():
        initialize(app)
        UserManager().create_user(username="maya", password=PASSWORD)
        db.session.commit()
    visitor = Visitor(app)
    visitor.sign_in("maya", PASSWORD)
    new = "another long sentence"
    fields = {"current_password": PASSWORD, "new_password": new, "password_confirm": new}
    assert visitor.submit("/auth/change-password/", **fields).status_code == 302
    assert Visitor(app).sign_in("maya", new).status_code == 302
    visitor.submit("/auth/change-email/", email="maya@example.org")
    assert [str(mail["To"]) for mail in outbox_of(app)] == ["maya@example.org"]
