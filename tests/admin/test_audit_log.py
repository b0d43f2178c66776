"""The audit log in the panel: to read, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.admin.history.log import AuditEntryAdmin
from flask_lback.admin.history.log_view import EntryView
from flask_lback.admin.sites import Site
from flask_lback.auth import get_models
from flask_lback.core.state import state_of

from .blog import Blog
from .changing import entries
from .test_history_page import LOG, POSTS, changed, desk, entry, words

__all__ = ["desk"]


@pytest.fixture
def kept(desk: Blog) -> Blog:
    """A post that was changed and published, and an account that was refused something."""
    key = desk.add_post("Letters", author="root", slug="letters")
    changed(desk, key, title="Night train")
    desk.panel("root").act(POSTS, "publish", key)
    return desk


def test_the_log_is_listed_with_readable_names(kept: Blog) -> None:
    page = kept.panel("root").get(LOG)
    said = words(page)
    assert "Audit entries" in said
    assert "Changed" in said
    assert "post Night train" in said
    assert "Done" in said
    assert 'name="rowid"' not in page.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("action=admin.changed", True),
        ("action=admin.deleted", False),
        ("action=chang", True),
        ("outcome=ok", True),
        ("outcome=refused", False),
        ("actor_name=root", True),
        ("actor_name=nobody", False),
        ("happened_at=today", True),
        ("target_kind=blog.Post", True),
        ("target_kind=User", False),
        ("q=night", True),
        ("q=nowhere", False),
    ],
)
def test_the_log_is_narrowed(kept: Blog, query: str, found: bool) -> None:
    both = f"{LOG}?{query}" if "target_kind" in query else f"{LOG}?target_kind=blog.Post&{query}"
    assert ("Night train" in words(kept.panel("root").get(both))) is found


def test_an_entry_shows_its_changes_and_leads_to_the_record(kept: Blog) -> None:
    page = kept.panel("root").get(f"{LOG}details/?id=1")
    assert "<del>Letters</del>" in page.text
    assert "<ins>Night train</ins>" in page.text
    assert f"{POSTS}history/?id=1" in page.text
    assert f"{POSTS}details/?id=1" in page.text
    assert "127.0.0.1" in page.text
    kept.panel("root").delete(POSTS, 1)
    page = kept.panel("root").get(f"{LOG}details/?id=1")
    assert f"{POSTS}history/?id=1" in page.text
    assert f"{POSTS}details/?id=1" not in page.text


def test_an_entry_of_a_model_that_is_gone_can_be_read(desk: Blog) -> None:
    with desk.app.app_context():
        found = entry(get_models(), "a", 1)
        found.target_kind = "shop.Gone"
        found.details = {"changes": {"price": [3, 4]}, "members": {"buyers": {"joined": []}}}
        desk.db.session.add(found)
        desk.db.session.commit()
    page = desk.panel("root").get(f"{LOG}details/?id=1")
    assert "<ins>4</ins>" in page.text


def test_nobody_writes_the_log(kept: Blog) -> None:
    panel = kept.panel("root")
    before = [(one.id, one.action, one.actor_name) for one in entries(kept, "")]
    fields = {"action": "admin.nothing", "actor_name": "somebody else", "outcome": "ok"}
    assert panel.get(f"{LOG}new/").status_code == 403
    assert panel.post(f"{LOG}new/", **fields).status_code == 403
    assert panel.post(f"{LOG}edit/?id=1", **fields).status_code == 403
    assert panel.post(f"{LOG}delete/", id="1", proof="x").status_code == 403
    assert panel.act(LOG, "delete", 1).status_code == 403
    assert panel.post(f"{LOG}cells/", **fields).status_code == 403
    assert panel.post(f"{LOG}import/", **fields).status_code == 403
    after = [(one.id, one.action, one.actor_name) for one in entries(kept, "")]
    assert [one for one in after if one[1] != "admin.denied"] == before


def test_the_log_needs_its_own_permission(kept: Blog) -> None:
    kept.add_staff("clerk", "blog.view_post", "blog.change_post", "people.view_user")
    kept.add_staff("auditor", "auth.view_auditentry")
    assert kept.panel("clerk").get(LOG).status_code == 403
    assert LOG not in kept.panel("clerk").get(POSTS).text
    assert kept.panel("auditor").get(LOG).status_code == 200
    page = kept.panel("auditor").get(f"{LOG}details/?id=1")
    assert page.status_code == 200
    # The log may be read, what it tells of may not be opened.
    assert f"{POSTS}history/" not in page.text


def test_only_reading_the_log_is_a_permission(desk: Blog) -> None:
    with desk.app.app_context():
        kind: Any = get_models().Permission
        names = set(desk.db.session.scalars(sa.select(kind.name)))
    assert "auth.view_auditentry" in names
    assert not names & {"auth.add_auditentry", "auth.change_auditentry", "auth.delete_auditentry"}


def test_an_application_that_shows_the_log_its_way_opens_no_more(desk: Blog) -> None:
    class LooseAdmin(AuditEntryAdmin):
        without = frozenset()

    with desk.app.app_context():
        log: Any = get_models().AuditEntry
    site = state_of(desk.app)[Site]
    view = EntryView(site, LooseAdmin(log), group="", endpoint="loose", url="/loose")
    with desk.app.test_request_context("/", method="POST", data={"action": "delete"}):
        opened = [name for name in EntryView.HANDLERS if view.needed(name) is not None]
    assert opened == ["index_view", "details_view", "export_view"]
