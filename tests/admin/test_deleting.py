"""The page before a deletion, and that nothing goes without it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from flask_lback.core import clock
from flask_lback.testing import count_queries
from tests.support.visitor import errors_of, hidden_fields

from .blog import Blog
from .conftest import MakeBlog

POSTS = "/admin/blog/post/"
USERS = "/admin/people/user/"


@pytest.fixture
def desk(blog: Blog) -> Blog:
    blog.add_superuser()
    return blog


def rows_of(page: str) -> str:
    return errors_of(page)


def test_the_page_counts_what_goes_and_what_stays(desk: Blog) -> None:
    first = desk.add_post("First", author="ada")
    second = desk.add_post("Second", author="ben")
    desk.add_comments(first, 3)
    with desk.app.app_context():
        ada = desk.db.session.scalar(sa.select(desk.User).filter_by(username="ada"))
        key = ada.id
    desk.add_comments(second, 2, author_id=key)
    page = desk.panel("root").get(f"{USERS}delete/?id={key}")
    said = errors_of(page.text)
    assert "Delete ada?" in said
    assert "User You chose it 1" in said
    assert "Post Belong to the user 1" in said
    assert "Comments Belong to the post 3" in said
    assert "2 comments. They no longer lead to the user." in said
    assert "Delete 5 records" in said
    assert "Access version" not in said


def test_deleting_takes_what_the_page_said_and_leaves_the_rest(desk: Blog) -> None:
    first = desk.add_post("First", author="ada")
    second = desk.add_post("Second", author="ben")
    desk.add_comments(first, 3)
    with desk.app.app_context():
        key = desk.db.session.scalar(sa.select(desk.User.id).filter_by(username="ada"))
    desk.add_comments(second, 2, author_id=key)
    response = desk.panel("root").delete(USERS, key)
    assert response.location == USERS
    with desk.app.app_context():
        assert desk.one(desk.User, key) is None
        left = desk.db.session.scalars(sa.select(desk.Comment)).all()
        assert [(one.post_id, one.author_id) for one in left] == [(second, None)] * 2
        pairs = desk.db.session.execute(sa.text("select count(*) from lback_group_member"))
        assert pairs.scalar() == 0


def test_replies_below_a_deleted_comment_are_counted_and_go(desk: Blog) -> None:
    post = desk.add_post("First", author="root")
    with desk.app.app_context():
        parent = None
        for n in range(4):
            comment = desk.Comment(text=f"level {n}", post_id=post, parent_id=parent)
            desk.db.session.add(comment)
            desk.db.session.flush()
            parent = comment.id
        desk.db.session.commit()
    panel = desk.panel("root")
    page = errors_of(panel.get("/admin/blog/comment/delete/?id=2").text)
    assert "Comments Belong to the comment 2" in page
    panel.delete("/admin/blog/comment/", 2)
    with desk.app.app_context():
        left = desk.db.session.scalars(sa.select(desk.Comment.text)).all()
        assert left == ["level 0"]


def test_a_record_that_others_need_cannot_be_deleted(desk: Blog) -> None:
    key = desk.add_user("ada")
    with desk.app.app_context():
        desk.db.session.add(desk.Receipt(number="1", buyer_id=key))
        desk.db.session.commit()
    panel = desk.panel("root")
    page = panel.get(f"{USERS}delete/?id={key}")
    said = errors_of(page.text)
    assert "ada cannot be deleted" in said
    assert "Receipt" in said
    assert "btn-danger" not in page.text
    response = panel.post(f"{USERS}delete/", id=str(key), proof="forged")
    assert response.status_code == 409
    with desk.app.app_context():
        assert desk.one(desk.User, key) is not None


@pytest.mark.parametrize("proof", [None, "", "forged", "IjEi.x.y"])
def test_a_post_without_the_page_deletes_nothing(desk: Blog, proof: str | None) -> None:
    key = desk.add_post("First", author="root")
    fields = {"id": str(key)} if proof is None else {"id": str(key), "proof": proof}
    response = desk.panel("root").post(f"{POSTS}delete/", **fields)
    assert response.status_code == 409
    assert "Delete First?" in errors_of(response.text)
    assert desk.count(desk.Post) == 1


def test_the_proof_of_one_page_is_none_for_other_rows_models_or_people(desk: Blog) -> None:
    first, second = desk.add_post("First", author="root"), desk.add_post("Second", author="root")
    with desk.app.app_context():
        desk.db.session.add(desk.Tag(name="one"))
        desk.db.session.commit()
    desk.add_staff("clerk", "blog.delete_post")
    root, clerk = desk.panel("root"), desk.panel("clerk")
    proof = hidden_fields(root.get(f"{POSTS}delete/?id={first}").text)["proof"]
    for panel, path, key in (
        (root, POSTS, second),
        (root, "/admin/blog/tag/", 1),
        (clerk, POSTS, first),
    ):
        assert panel.post(f"{path}delete/", id=str(key), proof=proof).status_code == 409
    both: Any = [str(first), str(second)]
    assert root.post(f"{POSTS}delete/", id=both, proof=proof).status_code == 409
    assert (desk.count(desk.Post), desk.count(desk.Tag)) == (2, 1)


def test_the_page_is_shown_again_when_more_would_go_than_it_said(desk: Blog) -> None:
    key = desk.add_post("First", author="root")
    panel = desk.panel("root")
    proof = hidden_fields(panel.get(f"{POSTS}delete/?id={key}").text)["proof"]
    desk.add_comments(key, 2)
    response = panel.post(f"{POSTS}delete/", id=str(key), proof=proof)
    assert response.status_code == 409
    assert "This has changed since the page was shown." in errors_of(response.text)
    assert desk.count(desk.Post) == 1


def test_a_proof_is_good_for_an_hour(desk: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    key = desk.add_post("First", author="root")
    panel = desk.panel("root")
    proof = hidden_fields(panel.get(f"{POSTS}delete/?id={key}").text)["proof"]
    later = clock.timestamp() + 3_700
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: later)
    assert panel.post(f"{POSTS}delete/", id=str(key), proof=proof).status_code == 409
    assert desk.count(desk.Post) == 1


def test_get_deletes_nothing(desk: Blog) -> None:
    key = desk.add_post("First", author="root")
    panel = desk.panel("root")
    page = panel.get(f"{POSTS}delete/?id={key}")
    proof = hidden_fields(page.text)["proof"]
    panel.get(f"{POSTS}delete/?id={key}&proof={proof}")
    assert desk.count(desk.Post) == 1


def test_the_bar_over_a_list_leads_to_the_same_page(desk: Blog) -> None:
    keys = [desk.add_post(f"Post {n}", author="root") for n in range(3)]
    panel = desk.panel("root")
    page = panel.act(POSTS, "delete", *keys[:2])
    assert page.status_code == 200
    said = errors_of(page.text)
    assert "Delete 2 posts?" in said
    assert "Post 0" in said
    assert desk.count(desk.Post) == 3
    panel.delete(POSTS, *keys[:2])
    assert desk.count(desk.Post) == 1


def test_more_than_a_hundred_records_need_the_name_typed(desk: Blog) -> None:
    key = desk.add_post("First", author="root")
    desk.add_comments(key, 101)
    panel = desk.panel("root")
    page = panel.get(f"{POSTS}delete/?id={key}").text
    assert 'name="typed"' in page
    wrong = panel.delete(POSTS, key, typed="first")
    assert wrong.status_code == 400
    assert "Type the name exactly as it is shown." in errors_of(wrong.text)
    assert desk.count(desk.Post) == 1
    assert panel.delete(POSTS, key, typed="First").status_code == 302
    assert (desk.count(desk.Post), desk.count(desk.Comment)) == (0, 0)


def test_counts_stop_at_the_limit(blogs: MakeBlog) -> None:
    blog = blogs(LBACK_ADMIN_COUNT_LIMIT=100)
    blog.add_superuser()
    key = blog.add_post("First", author="root")
    blog.add_comments(key, 150)
    page = errors_of(blog.panel("root").get(f"{POSTS}delete/?id={key}").text)
    assert "Comments Belong to the post 100+" in page
    assert "Delete 100+ records" in page


def test_the_page_costs_the_same_however_many_records_go(desk: Blog) -> None:
    small = desk.add_post("Small", author="root")
    large = desk.add_post("Large", author="root")
    desk.add_comments(large, 60)
    panel = desk.panel("root")
    costs = []
    for key in (small, large):
        panel.get(POSTS)
        with count_queries(desk.app) as statements:
            panel.get(f"{POSTS}delete/?id={key}")
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 4


def test_a_milder_way_is_offered_for_an_account(desk: Blog) -> None:
    key = desk.add_user("ada")
    panel = desk.panel("root")
    assert "Deactivate it instead" in panel.get(f"{USERS}delete/?id={key}").text
    panel.act(USERS, "deactivate", key)
    assert "Deactivate it instead" not in panel.get(f"{USERS}delete/?id={key}").text


def test_too_many_ids_are_refused(blogs: MakeBlog) -> None:
    blog = blogs(LBACK_ADMIN_BULK_LIMIT=2)
    blog.add_superuser()
    path = f"{POSTS}delete/?id=1&id=2&id=3"
    assert blog.panel("root").get(path).status_code == 400
