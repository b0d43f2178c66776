"""Rights from the command line: why, give, take, carry over, clean up."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.exceptions import InvalidFieldsError
from flask_lback.permissions.sync import sync
from flask_lback.testing import sign_in
from tests.cli.commands import Outcome, run
from tests.support.apps import Site

from .blog import CHANGE, Blog

RIGHT = "news.read"
WILD = "is no permission: a name stands for itself, and there are no wildcards."


@pytest.fixture
def place(site: Site) -> Site:
    """Maya is in Readers, who read the news; kofi is in nothing."""
    site.add_user("maya")
    site.add_user("kofi")
    with site.app.app_context():
        group = site.models.Group(name="Readers", users=[site.user("maya")])
        site.db.session.add(group)
        site.db.session.flush()
        site.lback.permissions.grant(RIGHT, group)
        site.db.session.commit()
    return site


def held_by(site: Site, name: str) -> set[str]:
    """What a group, or an account, was given."""
    with site.app.app_context():
        group = site.db.session.scalar(sa.select(site.models.Group).filter_by(name=name))
        held = site.user(name).user_permissions if group is None else group.permissions
        return {permission.name for permission in held}


def explained(site: Site, name: str, permission: str = RIGHT) -> list[str]:
    """What `explain-permission` says, line by line."""
    outcome = run(site.app, "explain-permission", name, permission)
    assert (outcome.status, outcome.err) == (0, "")
    return outcome.out.splitlines()


# --- explain-permission ---------------------------------------------------------------------


def test_an_explanation_names_where_a_permission_comes_from(place: Site) -> None:
    assert explained(place, "maya") == [
        "maya holds news.read.",
        "  The group Readers gives it.",
    ]
    run(place.app, "grant", "maya", RIGHT)
    assert "  It was given to the account itself." in explained(place, "maya@example.org")


def test_an_explanation_says_what_is_missing_and_which_group_would_do(place: Site) -> None:
    assert explained(place, "kofi") == [
        "kofi does not hold news.read.",
        "  Neither the account nor one of its groups was given it.",
        "  It is given by: Readers.",
    ]
    assert explained(place, "kofi", "news.raed") == [
        "kofi does not hold news.raed.",
        "  There is no permission 'news.raed'. Did you mean news.read?",
    ]
    assert explained(place, "kofi", "news.*")[0] == "kofi does not hold news.*."


def test_an_explanation_of_superusers_and_of_accounts_that_are_off(
    make_ready: Callable[..., Site],
) -> None:
    site = make_ready(LBACK_AUTH_SUPERUSER_GROUP="Chiefs")
    site.add_user("root", is_superuser=True)
    site.add_user("member")
    with site.app.app_context():
        site.db.session.add(site.models.Group(name="Chiefs", users=[site.user("member")]))
        site.db.session.commit()
    assert explained(site, "root")[1] == "  Every check passes for a superuser."
    assert explained(site, "member")[1] == "  Every check passes for the group Chiefs."
    site.add_user("second", is_superuser=True)
    run(site.app, "deactivate-user", "root")
    assert explained(site, "root") == [
        "root does not hold news.read.",
        "  The account is switched off, and holds nothing.",
        "  It would hold it: every check passes for a superuser.",
    ]


def test_an_explanation_names_single_objects_and_the_rule_of_a_policy(blog: Blog) -> None:
    class PostPolicy:
        def change(self, user: Any, post: Any) -> bool:
            return False

        def scope(self, select: Any, user: Any, action: str) -> Any:
            return select

    blog.lback.permissions.policy(blog.Post)(PostPolicy)
    with blog.app.app_context():
        blog.group("Editors", "kofi")
        blog.lback.permissions.grant_object(CHANGE, blog.post("m1"), "Editors")
        blog.lback.permissions.grant_object(CHANGE, blog.post("m1"), blog.user("kofi"))
        blog.lback.permissions.grant_object(CHANGE, blog.post("m2"), blog.user("kofi"))
        blog.db.session.commit()
    assert explained(blog, "kofi", CHANGE)[2:] == [
        "  It was given on 2 single objects.",
        "  On a single object, PostPolicy.change decides.",
    ]


def test_an_explanation_for_programs(place: Site) -> None:
    outcome = run(place.app, "explain-permission", "maya", RIGHT, "--format", "json")
    assert json.loads(outcome.out) == {
        "account": "maya",
        "permission": RIGHT,
        "holds": True,
        "is_active": True,
        "is_superuser": False,
        "superuser_group": None,
        "is_direct": False,
        "groups": ["Readers"],
        "other_groups": [],
        "on_objects": 0,
        "policies": [],
        "exists": True,
        "nearest": None,
    }
    refused = run(place.app, "explain-permission", "nobody", RIGHT)
    assert (refused.status, refused.err[:36]) == (1, "Error: There is no account 'nobody'.")


# --- grant, revoke --------------------------------------------------------------------------


def test_a_permission_is_given_to_an_account_and_taken_again(place: Site) -> None:
    with place.app.app_context():
        kofi = sign_in(place.app, place.user("kofi"))
    assert kofi.get("/news/").status_code == 403
    assert run(place.app, "grant", "kofi", RIGHT).out == "Gave kofi news.read.\n"
    assert kofi.get("/news/").status_code == 200, "on the next request"
    again = run(place.app, "grant", "kofi", RIGHT)
    assert (again.status, again.out, again.err) == (0, "", "kofi had news.read already.\n")
    assert run(place.app, "revoke", "kofi", RIGHT).out == "Took news.read from kofi.\n"
    assert kofi.get("/news/").status_code == 403
    again = run(place.app, "revoke", "kofi", RIGHT)
    assert (again.status, again.err) == (0, "kofi was not given news.read.\n")


def test_a_group_is_given_several_at_once(place: Site) -> None:
    names = ["auth.view_user", "auth.view_group"]
    outcome = run(place.app, "grant", "--group", "Readers", *names, RIGHT)
    assert outcome.out == "Gave the group Readers auth.view_user, auth.view_group.\n"
    assert outcome.err == "the group Readers had news.read already.\n"
    assert held_by(place, "Readers") == {RIGHT, *names}
    assert run(place.app, "revoke", "--group", "Readers", *names).status == 0
    assert held_by(place, "Readers") == {RIGHT}


def test_a_person_who_keeps_a_right_by_a_group_is_named(place: Site) -> None:
    run(place.app, "grant", "maya", RIGHT)
    outcome = run(place.app, "revoke", "maya", RIGHT)
    assert outcome.out == "Took news.read from maya.\n"
    assert outcome.err.startswith("maya still holds news.read: ")


@pytest.mark.parametrize("word", ["grant", "revoke"])
@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (
            ["kofi", "news.raed"],
            1,
            "There is no permission 'news.raed'. (Did you mean 'news.read'?",
        ),
        (["kofi", RIGHT, "news.*"], 1, f"'news.*' {WILD} (Name each permission,"),
        (["--group", "Reader", RIGHT], 1, "There is no group 'Reader'. (Did you mean 'Readers'?)"),
        (["nobody", RIGHT], 1, "There is no account 'nobody'."),
        ([RIGHT], 2, "Give a user and a permission"),
        (["kofi", "NEWS.READ"], 1, "There is no permission 'NEWS.READ'."),
    ],
)
def test_a_name_that_means_nothing_changes_nothing(
    place: Site, word: str, words: list[str], status: int, said: str
) -> None:
    outcome = run(place.app, word, *words)
    assert outcome.status == status
    assert said in " ".join(outcome.err.split())
    assert (held_by(place, "kofi"), held_by(place, "Readers")) == (set(), {RIGHT})


def test_what_was_given_by_command_is_in_the_audit_log(place: Site) -> None:
    run(place.app, "grant", "kofi", RIGHT)
    run(place.app, "revoke", "--group", "Readers", RIGHT)
    with place.app.app_context():
        kind = place.models.AuditEntry
        entries = place.db.session.scalars(sa.select(kind).order_by(kind.id)).all()
        assert [(one.action, one.target_name, one.details) for one in entries[-2:]] == [
            ("auth.permission_granted", "kofi", {"permissions": [RIGHT]}),
            ("auth.permission_revoked", "Readers", {"permissions": [RIGHT]}),
        ]


# --- sync-permissions -----------------------------------------------------------------------


def leave_over(site: Site) -> None:
    """A permission of a version before, which Readers hold."""
    with site.app.app_context():
        old = site.models.Permission(name="news.old")
        site.db.session.add(old)
        site.db.session.flush()
        site.lback.permissions.grant("news.old", "Readers")
        site.db.session.commit()


def test_leftovers_are_reported_and_stay(place: Site) -> None:
    leave_over(place)
    outcome = run(place.app, "sync-permissions")
    assert outcome.out.startswith("Nothing to do")
    assert outcome.err.splitlines() == [
        "1 permission is not declared: news.old.",
        "`flask lback sync-permissions --prune` removes what is not declared.",
    ]
    listed = run(place.app, "sync-permissions", "--format", "json")
    assert json.loads(listed.out)["undeclared"] == ["news.old"]
    assert held_by(place, "Readers") == {RIGHT, "news.old"}


def test_pruning_asks_and_then_removes_what_nothing_declares(place: Site) -> None:
    leave_over(place)
    refused = run(place.app, "sync-permissions", "--prune")
    assert refused.status == 1
    assert "Remove 1 permission that nothing declares: news.old (1 holder)?" in refused.err
    assert held_by(place, "Readers") == {RIGHT, "news.old"}
    done = run(place.app, "sync-permissions", "--prune", "--yes")
    assert (done.status, done.out) == (0, "Removed 1 permission: news.old.\n")
    assert held_by(place, "Readers") == {RIGHT}
    assert run(place.app, "sync-permissions", "--prune").out.startswith("Nothing to do")


def test_a_declared_group_is_applied_again_and_keeps_what_an_administrator_added(
    place: Site,
) -> None:
    declare = place.lback.permissions.declare_group
    declare("Readers", [RIGHT, "auth.view_user"], description="Read", is_default=True)
    with place.app.app_context():
        place.lback.permissions.grant("auth.view_group", "Readers")
        place.db.session.commit()
    outcome = run(place.app, "sync-permissions")
    assert outcome.out.splitlines() == [
        "Gave Readers auth.view_user.",
        "Changed the description or the flag of Readers.",
    ]
    assert held_by(place, "Readers") == {RIGHT, "auth.view_user", "auth.view_group"}
    assert run(place.app, "sync-permissions").out.startswith("Nothing to do")
    declare("Readers", [RIGHT, "auth.view_user"])
    assert run(place.app, "sync-permissions").out.startswith("Nothing to do")
    refused = run(place.app, "sync-permissions", "--strict", "--no-input")
    assert "Take auth.view_group from Readers? is needed" in refused.err
    assert held_by(place, "Readers") == {RIGHT, "auth.view_user", "auth.view_group"}
    told = run(place.app, "sync-permissions", "--strict", "--yes")
    assert "Took auth.view_group from Readers.\n" in told.out
    assert held_by(place, "Readers") == {RIGHT, "auth.view_user"}
    with place.app.app_context():
        [group] = place.db.session.scalars(sa.select(place.models.Group))
        assert (group.description, group.is_default) == ("", False)


# --- export-groups, import-groups -----------------------------------------------------------


def import_of(site: Site, document: Any, *words: str) -> Outcome:
    """Import a document from standard input."""
    return run(site.app, "import-groups", "-", *words, typed=json.dumps(document))


def document(*groups: dict[str, Any]) -> dict[str, Any]:
    """A document with these groups."""
    return {"version": 1, "groups": list(groups)}


def test_groups_are_carried_from_one_site_to_another(
    place: Site, make_ready: Callable[..., Site], tmp_path: Path
) -> None:
    file = tmp_path / "groups.json"
    wrote = run(place.app, "export-groups", "--output", str(file))
    assert wrote.out == f"Wrote 1 group to {file}.\n"
    other = make_ready()
    outcome = run(other.app, "import-groups", str(file))
    assert outcome.out == "Made 1 group: Readers.\nGave Readers news.read.\n"
    assert held_by(other, "Readers") == {RIGHT}
    assert run(other.app, "export-groups").out == file.read_text("utf-8")
    assert run(other.app, "import-groups", str(file)).out.startswith("Nothing to do")


def test_an_export_of_some_groups(place: Site) -> None:
    with place.app.app_context():
        place.db.session.add(place.models.Group(name="Писатели", is_default=True))
        place.db.session.commit()
    outcome = run(place.app, "export-groups", "Писатели")
    assert json.loads(outcome.out) == document(
        {"name": "Писатели", "description": "", "is_default": True, "permissions": []}
    )
    assert run(place.app, "export-groups", "No such").status == 1


def test_a_dry_run_says_what_would_be_done_and_does_nothing(place: Site) -> None:
    wished = document(
        {"name": "Readers", "permissions": ["auth.view_user"], "description": "Read"},
        {"name": "Writers", "permissions": ["news.write"], "is_default": True},
    )
    outcome = import_of(place, wished, "--dry-run", "--create", "--strict")
    assert outcome.out.splitlines() == [
        "Would make 1 permission: news.write.",
        "Would make 1 group: Writers.",
        "Would give Readers auth.view_user.",
        "Would give Writers news.write.",
        "Would change the description or the flag of Readers.",
        "Would take news.read from Readers.",
    ]
    assert outcome.err == "Nothing was changed.\n"
    assert json.loads(run(place.app, "export-groups").out)["groups"] == [
        {"name": "Readers", "description": "", "is_default": False, "permissions": [RIGHT]}
    ]
    assert import_of(place, wished, "--create").status == 0
    assert held_by(place, "Readers") == {RIGHT, "auth.view_user"}, "nothing is taken"
    assert import_of(place, wished, "--strict").status == 0
    assert held_by(place, "Readers") == {"auth.view_user"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["news.raed"], "There is no permission 'news.raed'. (Did you mean 'news.read'? --create"),
        (["news.*"], f"/groups/1/permissions/0: 'news.*' {WILD} (Name each"),
        ([RIGHT, ""], "/groups/1/permissions/1: '' cannot be a permission."),
        ([5], "/groups/1/permissions/0: 5 cannot be a permission."),
        (RIGHT, "/groups/1/permissions is no list."),
    ],
)
def test_a_file_with_one_wrong_name_changes_nothing(place: Site, wrong: Any, said: str) -> None:
    wished = document(
        {"name": "Good", "permissions": [RIGHT]}, {"name": "Bad", "permissions": wrong}
    )
    outcome = import_of(place, wished)
    assert outcome.status == 1
    assert said in outcome.err
    with place.app.app_context():
        names = place.db.session.scalars(sa.select(place.models.Group.name)).all()
    assert names == ["Readers"]


@pytest.mark.parametrize(
    ("wished", "said"),
    [
        ([], "/version is not 1"),
        ({"version": 2, "groups": []}, "/version is not 1"),
        ({"version": 1}, "/groups is no list"),
        (document({"permissions": []}), "/groups/0/name is missing"),
        (document({"name": "A", "members": ["root"]}), "/groups/0/members is unknown"),
        (document({"name": "A", "is_default": "yes"}), "/groups/0/is_default is no bool"),
        (document({"name": "A\x1fB"}), "/groups/0/name is missing, or cannot be a name"),
        (document({"name": "A"}, {"name": "A"}), "/groups names 'A' twice"),
        ({"version": 1, "groups": [7]}, "/groups/0 is no object"),
    ],
)
def test_a_file_of_another_shape_names_the_place(place: Site, wished: Any, said: str) -> None:
    outcome = import_of(place, wished)
    assert outcome.status == 1
    assert said in outcome.err


def test_a_file_that_is_no_json_is_one_line(place: Site) -> None:
    for typed in ("{", "[" * 100_000, "\x00"):
        outcome = run(place.app, "import-groups", "-", typed=typed)
        assert (outcome.status, outcome.err.count("\n")) == (1, 1)
        assert outcome.err.startswith("Error: This is no JSON: ")


# --- wildcards ------------------------------------------------------------------------------


def test_a_wildcard_is_a_permission_nowhere(place: Site) -> None:
    permissions = place.lback.permissions
    for declare in (
        lambda: permissions.define("news.*"),
        lambda: permissions.declare_group("Readers", ["news.*"]),
        lambda: permissions.grant("news.*", "Readers"),
    ):
        with (
            place.app.app_context(),
            pytest.raises(Exception, match=r"'news\.\*' is no permission"),
        ):
            declare()
    with place.app.app_context(), pytest.raises(InvalidFieldsError, match="no wildcards"):
        place.models.Permission(name="news.*")
    with place.app.app_context():
        sync(place.app)
        names = place.db.session.scalars(sa.select(place.models.Permission.name)).all()
    assert not any("*" in name for name in names)


def test_the_check_names_a_rule_that_nobody_asks_for(blog: Blog) -> None:
    class PostPolicy:
        def chagne(self, user: Any, post: Any) -> bool:
            return False

        def publish(self, user: Any, post: Any) -> bool:
            return False

        def delete(self, user: Any, post: Any) -> bool:
            return self._is_own(user, post)

        def _is_own(self, user: Any, post: Any) -> bool:
            return False

        def scope(self, select: Any, user: Any, action: str) -> Any:
            return select

    blog.lback.permissions.define("blog.publish_post")
    blog.lback.permissions.policy(blog.Post)(PostPolicy)
    out = run(blog.app, "check").out
    assert out.count("permissions.W001") == 1
    assert "PostPolicy.chagne decides about blog.chagne_post, which is no declared" in out
    assert "write the rule of blog.change_post" in out
