"""Every route, for everybody: who gets in is what the reference says, and nobody else does."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from .access_table import Row, route_of, table
from .office import (
    IMPERSONATOR,
    LATE,
    PEOPLE,
    SECRET,
    Office,
    asked,
    clerk,
    is_panel,
    opened_office,
    stored,
    token_of,
    verdict,
)
from .support import after

TABLE = table()
#: Which application the accounts belong to in this panel.
APP = "people"


class Seen(NamedTuple):
    """What came of one request.

    :ivar opened_by: who is to be let in; nothing where there is no such method.
    """

    verdict: str
    opened_by: frozenset[str]
    shows_secret: bool


Opened = Callable[[str], dict[str, Seen]]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with opened_office(tmp_path_factory.mktemp("office")) as office:
        yield office


def row_of(rule: Rule, method: str) -> Row | None:
    """What the table says of a method of a rule."""
    if method not in (rule.methods or ()):
        return None
    route = route_of(rule.rule)
    if is_panel(rule):
        return TABLE.of_panel(route, method, APP)
    return TABLE.of_account(route, method)


def allowed(row: Row, name: str) -> set[str]:
    """What may come of it when somebody asks for a route of the accounts."""
    if name == "unconfirmed" and not row.unconfirmed:
        return {"confirm"}
    if "everybody" in row.opened_by:
        return {"in", "sign in"}  # some of these pages lead there by themselves
    if name in ("visitor", "inactive"):
        return {"sign in"}
    if row.opened_by <= {"account", "fresh"}:
        return {"proof"} if name == LATE and "fresh" in row.opened_by else {"in"}
    return {"no"} if name == "staff" else {"in"}


def test_rb_1_every_route_is_in_the_reference_and_every_line_of_it_is_a_route(
    office: Office,
) -> None:
    used, missing = set(), []
    for rule, method in office.rules():
        row = row_of(rule, method)
        if row is not None:
            used.add((row.route, method))
        elif method in (rule.methods or ()):
            missing.append((method, rule.rule))
    assert missing == []
    lines = {(row.route, method) for row in TABLE.accounts for method in row.methods}
    assert lines - used == set()
    assert len(lines) > 90
    posts = [replace(row, route=f"/admin/blog/post/{row.route}") for row in TABLE.model]
    for one in (*posts, *(row.of_app(APP) for row in TABLE.panel)):
        assert {(one.route, method) for method in one.methods} <= used, one.route


@pytest.mark.parametrize("name", [*PEOPLE, LATE])
def test_rb_1_the_pages_and_the_json_of_the_accounts(office: Office, name: str) -> None:
    wrong = {}
    for rule, method in office.rules():
        if is_panel(rule):
            continue
        row = row_of(rule, method)
        client = office.client(name)
        with after(minutes=20 if name == LATE else 0):
            found = verdict(asked(client, token_of(client), rule, method))
        expected = {"no such method"} if row is None else allowed(row, name)
        if found not in expected:
            wrong[method, rule.rule] = found
    assert wrong == {}


@pytest.fixture(scope="module")
def opened(office: Office) -> Opened:
    """What comes of each request to the panel, for somebody."""
    return functools.cache(functools.partial(ask_for_all, office))


def ask_for_all(office: Office, name: str) -> dict[str, Seen]:
    """Every request to the panel that somebody can make."""
    before, client = office.content, office.client(name)
    token = token_of(client)
    found = {
        f"{method} {rule.rule}": see(asked(client, token, rule, method), rule, method)
        for rule, method in office.rules()
        if is_panel(rule) and (method in (rule.methods or ()) or name in SENT_AWAY)
    }
    assert stored(office.blog) == before, "nothing here changes anything"
    return found


def see(answer: TestResponse, rule: Rule, method: str) -> Seen:
    """What an answer says, and what the table does."""
    row = row_of(rule, method)
    return Seen(verdict(answer), row.opened_by if row else frozenset(), SECRET in answer.text)


#: What the panel says to people who get nowhere.
SENT_AWAY = {
    **{"visitor": "sign in", "inactive": "sign in"},
    **{"unconfirmed": "confirm", "member": "no", "staff": "no", IMPERSONATOR: "no"},
}


@pytest.mark.parametrize("name", SENT_AWAY)
def test_ad_1_nobody_else_is_shown_anything_of_the_panel(opened: Opened, name: str) -> None:
    wrong = {}
    for what, seen in opened(name).items():
        expected = SENT_AWAY[name] if seen.opened_by else "no such method"
        if name == "staff" and "staff" in seen.opened_by:
            expected = "in"
        if seen.verdict != expected or seen.shows_secret:
            wrong[what] = seen
    assert wrong == {}


def test_rb_1_one_permission_opens_its_addresses_of_the_panel_and_no_other(
    office: Office, opened: Opened
) -> None:
    wrong, asked_for = {}, 0
    for permission in office.permissions:
        for what, seen in opened(clerk(permission)).items():
            expected = "in" if seen.opened_by & {permission, "staff"} else "no"
            asked_for += 1
            if seen.verdict != (expected if seen.opened_by else "no such method"):
                wrong[permission, what] = seen
    assert asked_for > 4_000
    assert wrong == {}


def test_ad_2_who_may_only_look_writes_and_takes_away_nothing(
    office: Office, opened: Opened
) -> None:
    looking = [name for name in office.permissions if ".view_" in name]
    assert len(looking) > 7
    for permission in looking:
        written = {
            what: seen.verdict
            for what, seen in opened(clerk(permission)).items()
            if seen.opened_by and (what.startswith("POST") or "export" in what)
        }
        assert len(written) > 50
        assert set(written.values()) == {"no"}, (permission, written)


def test_rb_1_a_superuser_gets_to_every_address_of_the_panel(opened: Opened) -> None:
    wrong = {}
    for what, seen in opened("root").items():
        expected = "no" if "nobody" in seen.opened_by else "in"
        if seen.verdict != (expected if seen.opened_by else "no such method"):
            wrong[what] = seen
    assert wrong == {}
