"""What is kept of changes in the panel: who, what, from what to what (AD-13)."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.admin.history.recording import recorded
from flask_lback.admin.history.values import LONGEST, MASK
from flask_lback.auth import get_models

from .blog import Blog, Status
from .changing import ChangingAdmin, entries, told
from .conftest import MakeBlog

POSTS, TAGS, COMMENTS = "/admin/blog/post/", "/admin/blog/tag/", "/admin/blog/comment/"
USERS, GROUPS = "/admin/people/user/", "/admin/auth/group/"
GOOD = {
    "title": "Letters",
    "slug": "letters",
    "body": "From the night train",
    "status": "published",
    "author": "1",
}


@pytest.fixture
def desk(blogs: MakeBlog) -> Blog:
    blog = blogs(admins={"Post": ChangingAdmin})
    blog.add_superuser()
    with blog.app.app_context():
        blog.db.session.add_all([blog.Tag(name="sea"), blog.Tag(name="train")])
        blog.db.session.commit()
    return blog


def changes(blog: Blog, at: int = -1) -> Any:
    return entries(blog)[at].details.get("changes")


def test_an_added_record_is_kept_with_its_key_and_its_values(desk: Blog) -> None:
    desk.panel("root").post(
        f"{POSTS}new/", **GOOD, tags=["1", "2"], published_at="2026-11-20T10:00"
    )
    added, *others = entries(desk)
    assert (added.action, added.outcome, added.target_kind) == ("admin.added", "ok", "blog.Post")
    assert (added.target_id, added.target_name) == ("1", "Letters")
    assert (added.actor_name, added.actor_id, added.impersonator_name) == ("root", 1, "")
    assert added.details["page"] == "create_view"
    held = added.details["changes"]
    assert held["title"] == [None, "Letters"]
    assert held["status"] == [None, "published"]
    assert held["published_at"] == [None, "2026-11-20T10:00:00+00:00"]
    assert held["author_id"] == [None, 1]
    assert "id" not in held
    assert "created_at" not in held
    joined = added.details["members"]["tags"]
    assert joined == {"joined": [["1", "sea"], ["2", "train"]], "left": []}
    # A new post is no change of its author, nor of its tags.
    assert others == []


def test_a_changed_record_is_kept_from_what_to_what(desk: Blog) -> None:
    key = desk.add_post("Old", author="root", tags=[], is_featured=True)
    desk.panel("root").post(f"{POSTS}edit/?id={key}", **GOOD, tags=["2"])
    entry = entries(desk)[0]
    assert (entry.action, entry.target_id, entry.target_name) == ("admin.changed", "1", "Letters")
    assert entry.details["changes"] == {
        "title": ["Old", "Letters"],
        "slug": ["old", "letters"],
        "body": ["Text", "From the night train"],
        "status": ["draft", "published"],
        "is_featured": [True, False],
    }
    assert entry.details["members"] == {"tags": {"joined": [["2", "train"]], "left": []}}
    desk.panel("root").post(f"{POSTS}edit/?id={key}", **GOOD, tags=["1"])
    again = next(one for one in reversed(entries(desk)) if one.target_kind == "blog.Post")
    assert "changes" not in again.details
    assert again.details["members"] == {
        "tags": {"joined": [["1", "sea"]], "left": [["2", "train"]]}
    }


def test_a_form_that_changes_nothing_leaves_no_entry(desk: Blog) -> None:
    key = desk.add_post("Letters", author="root", body=GOOD["body"], status=Status.published)
    assert desk.panel("root").post(f"{POSTS}edit/?id={key}", **GOOD).status_code == 302
    assert entries(desk) == []


def test_looking_leaves_no_entry(desk: Blog) -> None:
    key = desk.add_post("Letters", author="root")
    for path in (POSTS, f"{POSTS}edit/?id={key}", f"{POSTS}delete/?id={key}"):
        assert desk.panel("root").get(path).status_code == 200
    assert entries(desk) == []


def test_a_deleted_record_is_kept_with_what_it_held_and_what_went_with_it(desk: Blog) -> None:
    ada = desk.add_user("ada")
    desk.add_post("First", author="ada", body="Of the sea")
    desk.panel("root").delete(USERS, ada)
    assert told(desk) == [("deleted", "blog.Post", "First"), ("deleted", "User", "ada")]
    post, user = entries(desk)
    assert post.details["changes"]["body"] == ["Of the sea", None]
    assert post.details["changes"]["author_id"] == [ada, None]
    assert user.details["changes"]["email"] == ["ada@example.org", None]
    assert user.details["changes"]["password_hash"] == [MASK, None]


def test_rows_that_the_database_rules_delete_are_kept_by_number(desk: Blog) -> None:
    key = desk.add_post("First", author="root")
    desk.add_comments(key, 3)
    desk.panel("root").delete(POSTS, key)
    by_statement = [one for one in entries(desk) if not one.target_id]
    assert [(one.action, one.target_kind, one.details["rows"]) for one in by_statement] == [
        ("admin.deleted", "blog.Comment", 3)
    ]


def test_an_account_that_deletes_itself_is_named(desk: Blog) -> None:
    desk.add_superuser("second")
    with desk.app.app_context():
        key = desk.db.session.scalar(sa.select(desk.User.id).filter_by(username="second"))
    assert desk.panel("second").delete(USERS, key).status_code == 302
    entry = entries(desk)[0]
    assert (entry.target_name, entry.actor_name, entry.actor_id) == ("second", "second", None)


def test_groups_and_their_members_are_kept_on_both_sides(desk: Blog) -> None:
    ada = desk.add_user("ada")
    group = desk.add_group("Editors")
    panel = desk.panel("root")
    fields = {"name": "Editors", "description": ""}
    panel.post(f"{GROUPS}edit/?id={group}", **fields, users=[str(ada)])
    assert sorted(told(desk)) == [("changed", "Group", "Editors"), ("changed", "User", "ada")]
    members = {one.target_kind: one.details["members"] for one in entries(desk)}
    assert members["User"] == {"groups": {"joined": [[str(group), "Editors"]], "left": []}}
    # An account by its key alone: its name is looked up when it is shown.
    assert members["Group"] == {"users": {"joined": [[str(ada), ""]], "left": []}}


def test_what_is_rolled_back_leaves_no_entry(desk: Blog) -> None:
    desk.add_post("Taken", author="root", slug="letters")
    panel = desk.panel("root")
    key = desk.add_post("Other", author="root")
    assert panel.post(f"{POSTS}edit/?id={key}", **GOOD).status_code == 400
    desk.app.config["PROPAGATE_EXCEPTIONS"] = False
    assert panel.act(POSTS, "explode", key).status_code == 500
    assert entries(desk) == []


def test_a_row_that_is_flushed_several_times_has_one_entry(desk: Blog) -> None:
    keys = [desk.add_post(f"Post {n}", author="root") for n in range(3)]
    desk.panel("root").act(POSTS, "flush_often", *keys)
    assert [one.details["changes"] for one in entries(desk)] == [{"body": ["Text", "three"]}] * 3
    assert entries(desk)[0].details | {"changes": None} == {
        "page": "action_view",
        "action": "flush_often",
        "others": 2,
        "changes": None,
    }


@pytest.mark.parametrize("action", ["there_and_back", "add_and_remove"])
def test_what_is_undone_before_the_end_leaves_no_entry(desk: Blog, action: str) -> None:
    key = desk.add_post("First", author="root")
    assert desk.panel("root").act(POSTS, action, key).status_code == 302
    assert entries(desk) == []


def test_a_savepoint_that_is_rolled_back_leaves_nothing_of_it(desk: Blog) -> None:
    key = desk.add_post("First", author="root")
    desk.panel("root").act(POSTS, "keep_half", key)
    assert changes(desk) == {"body": ["Text", "kept"]}


def test_an_old_value_that_was_never_read_is_asked_for(desk: Blog) -> None:
    key = desk.add_post("First", author="root")
    desk.panel("root").act(POSTS, "commit_twice", key)
    assert [one.details["changes"] for one in entries(desk)] == [
        {"body": ["Text", "first"]},
        {"body": ["first", "second"]},
    ]


def test_what_the_database_works_out_is_kept(desk: Blog) -> None:
    keys = [desk.add_post(f"Post {n}", author="root", reads=n) for n in range(2)]
    desk.panel("root").act(POSTS, "raise_reads", *keys)
    assert [one.details["changes"]["reads"] for one in entries(desk)] == [[0, 5], [1, 6]]


# --- bulk statements --------------------------------------------------------------------------


def test_a_bulk_update_is_kept_with_its_number_values_and_condition(desk: Blog) -> None:
    key = desk.add_post("First", author="root")
    desk.add_post("Second", author="root")
    desk.panel("root").act(POSTS, "hide_all", key)
    [entry] = entries(desk)
    assert (entry.action, entry.target_kind, entry.target_id) == ("admin.changed", "blog.Post", "")
    assert entry.details["rows"] == 2
    assert entry.details["values"] == {"status": "hidden", "preview_token": MASK}
    assert entry.details["where"] == "post.title IN ('First', 'Second') AND post.reads < 9"


def test_a_statement_on_the_table_is_kept_as_well(desk: Blog) -> None:
    key = desk.add_post("First", author="root")
    desk.panel("root").act(POSTS, "hide_by_table", key)
    [entry] = entries(desk)
    assert (entry.target_kind, entry.details["rows"]) == ("blog.Post", 1)
    assert entry.details["values"] == {"is_featured": True}


def test_a_bulk_deletion_and_bulk_additions_are_kept(desk: Blog) -> None:
    key = desk.add_post("First", author="root")
    panel = desk.panel("root")
    panel.act(POSTS, "insert_tags", key)
    panel.act(POSTS, "purge", key)
    added, row, deleted = entries(desk)
    assert (added.action, added.target_kind) == ("admin.added", "blog.Tag")
    assert added.details["rows"] == 2
    # The chosen row was in the session, so that it is told by itself as well.
    assert (row.action, row.target_id, row.target_name) == ("admin.deleted", str(key), "First")
    assert (deleted.action, deleted.details["rows"]) == ("admin.deleted", 1)
    assert deleted.details["where"] == "post.status = draft"


# --- secrets ----------------------------------------------------------------------------------


def test_no_secret_reaches_the_log(desk: Blog, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    key = desk.add_post(
        "First", author="root", data={"pages": 1}, preview_token="s3cret-s3cret", body="quiet text"
    )
    panel = desk.panel("root")
    for action in ("hide_by_secret", "hide_all", "append_data"):
        assert panel.act(POSTS, action, key).status_code == 302
    assert panel.delete(POSTS, key).status_code == 302
    kept = json.dumps([one.details for one in entries(desk, "")])
    for secret in ("s3cret-s3cret", "tell-nobody", "hunter2-hunter2"):
        assert secret not in kept
        assert secret not in caplog.text
    assert '"pages": 3' in kept
    assert MASK in json.loads(kept)[0]["where"]
    # Nor does the text log repeat what a record held: nobody could take it out again.
    assert "quiet text" in kept
    assert "quiet text" not in caplog.text


def test_a_new_password_is_masked(desk: Blog) -> None:
    fields = {"username": "ada", "email": "ada@example.org", "is_active": "y"}
    password = {"password1": "a wholly new one 8", "password2": "a wholly new one 8"}
    desk.panel("root").post(f"{USERS}new/", **fields, **password)
    entry = next(one for one in entries(desk) if one.action == "admin.added")
    assert entry.details["changes"]["password_hash"] == [None, MASK]
    assert "argon2" not in json.dumps(entry.details)
    assert "username_canonical" not in entry.details["changes"]


def test_a_secret_that_is_written_between_flushes_is_told(desk: Blog) -> None:
    key = desk.add_post("First", author="root", preview_token="old-token")
    desk.panel("root").act(POSTS, "renew_token", key)
    assert changes(desk) == {"preview_token": [MASK, MASK], "body": ["Text", "later"]}


def test_a_very_long_text_is_cut(desk: Blog) -> None:
    key = desk.add_post("First", author="root", body="x")
    desk.panel("root").post(f"{POSTS}edit/?id={key}", **{**GOOD, "body": "y" * (LONGEST + 7)})
    assert changes(desk, 0)["body"][1].endswith("… (7 more characters)")


# --- cost -------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 40])
def test_recording_costs_one_statement_however_many_rows(desk: Blog, count: int) -> None:
    keys = [desk.add_post(f"Post {n}", author="root") for n in range(count)]
    panel = desk.panel("root")
    written: list[str] = []
    with desk.app.app_context():
        engine = desk.db.engine

        @sa.event.listens_for(engine, "before_cursor_execute")
        def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            if "lback_audit_entry" in statement:
                written.append(statement.split()[0])

    panel.act(POSTS, "publish", *keys)
    assert written == ["INSERT"]
    assert len(entries(desk)) == count


# --- nobody edits the log ---------------------------------------------------------------------


def test_no_handler_of_the_panel_edits_the_log(desk: Blog) -> None:
    key = desk.add_post("First", author="root")
    desk.panel("root").act(POSTS, "publish", key)
    desk.app.config["PROPAGATE_EXCEPTIONS"] = False
    assert desk.panel("root").act(POSTS, "rewrite_log", key).status_code == 500
    assert [one.actor_name for one in entries(desk)] == ["root"]


def test_the_machinery_of_logins_is_left_out(desk: Blog) -> None:
    ada = desk.add_user("ada")
    desk.panel("ada")
    desk.panel("root").act(USERS, "end_sessions", ada)
    assert entries(desk) == []
    assert [one.action for one in entries(desk, "auth.sessions_ended")] == ["auth.sessions_ended"]


def test_entries_of_other_code_stand_beside_ours(desk: Blog) -> None:
    key = desk.add_post("First", author="root", data={})
    desk.panel("root").act(POSTS, "append_data", key)
    assert [one.action for one in entries(desk, "blog.")] == ["blog.counted"]
    with desk.app.app_context():
        assert desk.db.session.query(get_models().AuditEntry).count() >= 2


def test_the_permissions_of_a_group_are_told_of_the_group(desk: Blog) -> None:
    group = desk.add_group("Editors")
    with desk.app.app_context():
        kind: Any = get_models().Permission
        wanted = kind.name.in_(["blog.add_post", "blog.view_post"])
        given = desk.db.session.scalars(sa.select(kind.id).where(wanted)).all()
        with desk.app.test_request_context("/", method="POST"), recorded(root(desk)):
            found = desk.one(get_models().Group, group)
            found.permissions.extend(desk.one(kind, key) for key in given)
            desk.db.session.commit()
    assert told(desk) == [("changed", "Group", "Editors")]
    names = [name for _, name in entries(desk)[0].details["members"]["permissions"]["joined"]]
    assert sorted(names) == ["blog.add_post", "blog.view_post"]


def root(blog: Blog) -> Any:
    return blog.db.session.scalar(sa.select(blog.User).filter_by(username="root"))


@pytest.mark.parametrize("kept", [True, False])
def test_what_a_handler_leaves_to_be_committed_is_told_with_it(desk: Blog, kept: bool) -> None:
    key = desk.add_post("First", author="root")
    with desk.app.app_context(), desk.app.test_request_context("/", method="POST"):
        with recorded(root(desk)):
            desk.one(desk.Post, key).body = "Other"
            desk.db.session.flush()
        (desk.db.session.commit if kept else desk.db.session.rollback)()
    assert told(desk) == ([("changed", "blog.Post", "First")] if kept else [])
