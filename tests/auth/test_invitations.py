"""Asking people in: who may, with which groups, and links that are good once."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest

from flask_lback.auth.invitations.commands import invite
from flask_lback.auth.invitations.rights import INVITE
from flask_lback.core import clock
from flask_lback.testing import record_signals
from flask_lback.testing.kit import outbox_of
from tests.support.apps import PASSWORD, Site
from tests.support.visitor import Visitor, errors_of

PAGE = "/auth/invitations/"
ACCEPT = "/auth/accept-invitation/"
NEW = {"password": PASSWORD, "password_confirm": PASSWORD}


def prepared(site: Site) -> Site:
    """Maya may ask people in and read the news; there are groups of every kind."""
    maya = site.add_user("maya")
    with site.app.app_context():
        kinds, session = site.models, site.db.session
        rights = {
            name: session.query(kinds.Permission).filter_by(name=name).one()
            for name in (INVITE, "news.read")
        }
        rights["news.write"] = kinds.Permission(name="news.write")
        session.add_all(
            [
                kinds.Group(name="Readers", permissions=[rights["news.read"]]),
                kinds.Group(name="Chiefs", permissions=[rights["news.read"], rights["news.write"]]),
                kinds.Group(name="Newcomers", is_default=True),
                kinds.Group(name="Club"),
            ]
        )
        user = session.get(kinds.User, maya)
        user.user_permissions.extend([rights[INVITE], rights["news.read"]])
        session.commit()
    return site


@pytest.fixture
def place(make_ready: Callable[..., Site]) -> Site:
    return prepared(make_ready(LBACK_AUTH_REGISTRATION=False))


def signed_in(site: Site, name: str = "maya") -> Visitor:
    visitor = Visitor(site.app)
    assert visitor.sign_in(f"{name}@example.org", PASSWORD).status_code == 302
    return visitor


def ask_in(site: Site, email: str = "kofi@example.org", **fields: Any) -> Any:
    return signed_in(site).submit(PAGE, email=email, **fields)


def mailed(site: Site) -> str:
    """The path of the link in the last mail."""
    for part in outbox_of(site.app)[-1].walk():
        if part.get_content_type() == "text/plain":
            found = re.search(r"http://localhost(\S+token=\S+)", part.get_content())
            assert found is not None, part.get_content()
            return found[1]
    raise AssertionError("no text")


def accept(site: Site, path: str, username: str = "kofi", **fields: str) -> Any:
    """Send the form, from another page where the link shows none."""
    token = path.partition("token=")[2]
    values = {"token": token, "username": username, **NEW, **fields}
    return Visitor(site.app).submit("/auth/login/", to=ACCEPT, **values)


def groups_of(site: Site, name: str) -> list[str]:
    with site.app.app_context():
        user = site.user(name)
        return sorted(group.name for group in user.groups)


def rows(site: Site) -> list[Any]:
    with site.app.app_context():
        return list(site.db.session.query(site.models.Invitation).all())


def test_an_invitation_makes_a_confirmed_account_though_nobody_may_register(place: Site) -> None:
    visitor = Visitor(place.app)
    assert visitor.get("/auth/register/").status_code == 404
    assert ask_in(place, groups="Readers").location == PAGE
    assert str(outbox_of(place.app)[-1]["To"]) == "kofi@example.org"
    page = visitor.get(mailed(place))
    assert "kofi@example.org" in page.text
    assert "At least 8 characters." in errors_of(page.text) or "8" in errors_of(page.text)
    with record_signals("invitation_accepted", "user_registered") as sent:
        answer = visitor.submit(mailed(place), username="kofi", **NEW)
    assert answer.location == "/auth/login/"
    assert {name for name, _ in sent} == {"invitation_accepted", "user_registered"}
    assert groups_of(place, "kofi") == ["Newcomers", "Readers"]
    assert visitor.sign_in("kofi", PASSWORD).status_code == 302


def test_accounts_without_a_username_are_asked_for_none(make_ready: Callable[..., Site]) -> None:
    place = prepared(make_ready("email"))
    ask_in(place)
    assert Visitor(place.app).submit(mailed(place), **NEW).location == "/auth/login/"
    assert Visitor(place.app).sign_in("kofi@example.org", PASSWORD).status_code == 302


def test_only_those_with_the_permission_ask_people_in(place: Site) -> None:
    place.add_user("ada")
    ask_in(place)
    key = rows(place)[0].id
    visitor = signed_in(place, "ada")
    assert visitor.get(PAGE).status_code == 403
    for path in (PAGE, f"{PAGE}{key}/withdraw/", f"{PAGE}{key}/resend/"):
        answer = visitor.submit("/auth/account/", to=path, email="x@example.org")
        assert answer.status_code == 403
    assert Visitor(place.app).get(PAGE).location.startswith("/auth/login/")
    assert len(rows(place)) == 1
    assert "Invitations" not in errors_of(visitor.get("/auth/account/").text)
    assert "Invitations" in errors_of(signed_in(place).get("/auth/account/").text)


@pytest.mark.parametrize("group", ["Chiefs", "Club", "No such"])
def test_nobody_gives_what_they_do_not_have(place: Site, group: str) -> None:
    assert f'value="{group}"' not in signed_in(place).get(PAGE).text
    assert ask_in(place, groups=group).status_code == 400
    assert rows(place) == []


def test_nobody_gives_the_group_that_passes_every_check(make_ready: Callable[..., Site]) -> None:
    place = prepared(make_ready(LBACK_AUTH_SUPERUSER_GROUP="Readers"))
    ask_in(place, groups="Readers")
    assert rows(place)[0].groups == []
    with place.app.app_context():
        user = place.user("maya")
        user.is_superuser = True
        place.db.session.commit()
    ask_in(place, groups="Readers")
    assert rows(place)[1].groups == ["Readers"]


def test_a_group_that_has_grown_meanwhile_is_not_given(place: Site) -> None:
    ask_in(place, groups="Readers")
    with place.app.app_context():
        session, kinds = place.db.session, place.models
        group = session.query(kinds.Group).filter_by(name="Readers").one()
        more = session.query(kinds.Permission).filter_by(name="news.write").one()
        group.permissions.append(more)
        session.commit()
    assert accept(place, mailed(place)).status_code == 302
    assert groups_of(place, "kofi") == ["Newcomers"]


def loses_the_right(user: Any) -> None:
    user.user_permissions.clear()


def is_switched_off(user: Any) -> None:
    user.is_active = False


@pytest.mark.parametrize("change", [loses_the_right, is_switched_off])
def test_an_invitation_is_as_good_as_its_inviter(
    place: Site, change: Callable[[Any], None]
) -> None:
    ask_in(place)
    with place.app.app_context():
        user = place.user("maya")
        change(user)
        place.db.session.commit()
    assert accept(place, mailed(place)).status_code == 400
    with place.app.app_context():
        assert place.user("kofi") is None


def test_an_address_with_an_account_gives_nothing_away(place: Site) -> None:
    place.add_user("ada")
    pages = set()
    for email in ("ada@example.org", "ida@example.org"):
        visitor = signed_in(place)
        answer = visitor.submit(PAGE, email=email, groups="Readers")
        shown = errors_of(visitor.get(PAGE).text).partition("Sent")[0]
        pages.add((answer.status_code, shown.replace(email, "…")))
    assert len(pages) == 1
    subjects = [str(mail["Subject"]) for mail in outbox_of(place.app)]
    assert len([subject for subject in subjects if subject.startswith("You are invited")]) == 2
    assert groups_of(place, "ada") == []
    to_ada = next(mail for mail in outbox_of(place.app) if mail["To"] == "ada@example.org")
    assert "token" not in to_ada.as_string()


def used(place: Site, path: str) -> None:
    assert accept(place, path, "ida").status_code == 302


def withdrawn(place: Site, path: str) -> None:
    signed_in(place).submit(PAGE, to=f"{PAGE}{rows(place)[0].id}/withdraw/")


def sent_again(place: Site, path: str) -> None:
    signed_in(place).submit(PAGE, to=f"{PAGE}{rows(place)[0].id}/resend/")


def registered(place: Site, path: str) -> None:
    place.add_user("kofi")


@pytest.mark.parametrize("end", [used, withdrawn, sent_again, registered])
def test_a_dead_link_makes_no_account(place: Site, end: Callable[[Site, str], None]) -> None:
    ask_in(place)
    path = mailed(place)
    end(place, path)
    assert Visitor(place.app).get(path).status_code == 400
    assert accept(place, path, "other").status_code == 400
    with place.app.app_context():
        assert place.db.session.query(place.models.User).filter_by(username="other").count() == 0


def test_a_link_dies_after_a_week_and_lives_again_when_it_is_sent_again(place: Site) -> None:
    ask_in(place)
    with clock.turned(dt.timedelta(days=6)):
        assert Visitor(place.app).get(mailed(place)).status_code == 200
    with clock.turned(dt.timedelta(days=8)):
        assert accept(place, mailed(place)).status_code == 400
        sent_again(place, "")
        assert accept(place, mailed(place)).status_code == 302


def test_what_was_accepted_cannot_be_withdrawn_or_sent_again(place: Site) -> None:
    ask_in(place)
    used(place, mailed(place))
    before = len(outbox_of(place.app))
    visitor, key = signed_in(place), rows(place)[0].id
    for what in ("withdraw", "resend"):
        visitor.submit(PAGE, to=f"{PAGE}{key}/{what}/")
        assert "It was too late" in errors_of(visitor.get(PAGE).text)
    assert rows(place)[0].revoked_at is None
    sent = [str(mail["Subject"]) for mail in outbox_of(place.app)[before:]]
    assert [subject for subject in sent if "invited" in subject] == []


def test_opening_the_link_makes_nothing(place: Site) -> None:
    ask_in(place)
    visitor = Visitor(place.app)
    page = visitor.get(mailed(place))
    visitor.client.head(mailed(place))
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert rows(place)[0].accepted_at is None


def test_the_database_holds_no_token(place: Site) -> None:
    ask_in(place)
    token = mailed(place).partition("token=")[2]
    assert len(token) > 40
    assert token not in repr(vars(rows(place)[0]))


def test_a_refused_name_or_password_leaves_the_link_good(place: Site) -> None:
    ask_in(place)
    for username, fields, message in (
        ("maya", {}, "This name is taken."),
        ("admin", {}, "This name is taken."),
        ("kofi", {"password": "short", "password_confirm": "short"}, "at least 8"),
        ("kofi", {"password_confirm": "different sentence"}, "The two passwords differ."),
    ):
        answer = Visitor(place.app).submit(mailed(place), **{**NEW, "username": username, **fields})
        assert answer.status_code == 400
        assert message in errors_of(answer.text)
    assert accept(place, mailed(place)).status_code == 302


def test_the_form_makes_no_more_than_an_account(place: Site) -> None:
    ask_in(place)
    more = {"email": "x@example.org", "is_superuser": "1", "is_staff": "1", "groups": "Chiefs"}
    assert accept(place, mailed(place), **more).status_code == 302
    with place.app.app_context():
        user = place.user("kofi")
        assert user.email == "kofi@example.org"
        assert not user.is_superuser
        assert not user.is_staff
    assert groups_of(place, "kofi") == ["Newcomers"]


def test_guessing_and_asking_are_limited(make_ready: Callable[..., Site]) -> None:
    limits = {"LBACK_AUTH_LIMIT_TOKEN_PER_ADDRESS": "3 per hour"}
    place = prepared(make_ready(LBACK_AUTH_INVITATION_LIMIT="2 per day", **limits))
    assert [ask_in(place, f"n{n}@example.org").status_code for n in range(3)] == [302, 302, 429]
    answers = [accept(place, f"token=guess{n}").status_code for n in range(5)]
    assert answers == [400] * 3 + [429] * 2


def test_every_step_is_in_the_audit_log(place: Site) -> None:
    ask_in(place)
    sent_again(place, "")
    accept(place, mailed(place))
    ask_in(place, "ida@example.org")
    signed_in(place).submit(PAGE, to=f"{PAGE}{rows(place)[1].id}/withdraw/")
    with place.app.app_context():
        entries = place.db.session.query(place.models.AuditEntry).all()
        actions = {entry.action for entry in entries}
    assert {
        "auth.invitation_made",
        "auth.invitation_resent",
        "auth.invitation_accepted",
        "auth.invitation_withdrawn",
    } <= actions


def test_the_command_asks_somebody_in_with_any_group(place: Site) -> None:
    place.app.config["SERVER_NAME"] = "localhost"
    runner = place.app.test_cli_runner()
    result = runner.invoke(invite, ["kofi@example.org", "--group", "Chiefs"])
    assert result.output.startswith("Invited kofi@example.org, until ")
    assert accept(place, mailed(place)).status_code == 302
    assert groups_of(place, "kofi") == ["Chiefs", "Newcomers"]
    for words in (["not an address"], ["ida@example.org", "--group", "No such"]):
        assert runner.invoke(invite, words).exit_code == 1


def test_switched_off_nothing_is_there(make_ready: Callable[..., Site]) -> None:
    site = make_ready(LBACK_AUTH_INVITATION_ENABLED=False)
    site.add_user("root", is_superuser=True)
    visitor = signed_in(site, "root")
    assert [visitor.get(path).status_code for path in (PAGE, ACCEPT)] == [404, 404]
    assert "Invitations" not in errors_of(visitor.get("/auth/account/").text)


def test_invitations_that_are_over_are_cleaned_away_and_no_others(place: Site) -> None:
    ask_in(place, "old@example.org")
    with clock.turned(dt.timedelta(days=5)):
        ask_in(place, "new@example.org")
    clean = place.app.test_cli_runner().invoke
    with clock.turned(dt.timedelta(days=8)):
        assert clean(args=["lback", "clean-sessions"]).exit_code == 0
    with place.app.app_context():
        left = place.db.session.scalars(place.db.select(place.models.Invitation.email))
        assert list(left) == ["new@example.org"]
