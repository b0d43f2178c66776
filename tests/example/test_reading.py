"""What visitors see, and what they do not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient

from example_app.models import CommentStatus, Post, PostStatus, Tag, User
from tests.example.support import address, comment_on

Person = Callable[..., User]
Write = Callable[..., Post]
Login = Callable[..., FlaskClient]
Counter = Callable[[], AbstractContextManager[list[str]]]


def test_an_empty_site_says_so_on_every_list(anonymous: FlaskClient) -> None:
    for path, words in {
        "/": "Nothing is published yet",
        "/tags/": "No tags yet",
        "/people/": "Nobody has published yet",
        "/about/": "example application",
    }.items():
        page = anonymous.get(path)
        assert page.status_code == 200
        assert words in page.text


def test_the_newest_post_comes_first_and_leads_to_its_page(
    anonymous: FlaskClient, crowd: Callable[[int], list[Post]]
) -> None:
    crowd(3)
    page = anonymous.get("/").text
    assert page.index("Post 0") < page.index("Post 1") < page.index("Post 2")
    assert 'href="/posts/1/post-0/"' in page
    assert anonymous.get("/posts/1/post-0/").status_code == 200


def test_the_number_alone_leads_to_the_full_address(
    anonymous: FlaskClient, person: Person, write: Write
) -> None:
    post = write(person("ines"), "Über den Fluß: näher!")
    for path in (f"/posts/{post.id}/", f"/posts/{post.id}/old-title/"):
        answer = anonymous.get(path)
        assert answer.status_code == 301
        assert answer.location == f"/posts/{post.id}/uber-den-flu-naher/"


def test_the_list_of_most_discussed_counts_comments_that_are_shown(
    anonymous: FlaskClient, person: Person, write: Write
) -> None:
    author = person("ines")
    quiet, loud = write(author, "Quiet"), write(author, "Loud")
    comment_on(quiet, author, status=CommentStatus.HIDDEN)
    comment_on(quiet, author, status=CommentStatus.HIDDEN)
    comment_on(loud, author)
    page = anonymous.get("/?order=discussed").text
    assert page.index("Loud") < page.index("Quiet")


@pytest.mark.parametrize(
    "path", ["/?order=best", "/?page=99", "/?page=x", "/posts/1/", "/tags/none/", "/people/nobody/"]
)
def test_what_does_not_exist_is_a_404(anonymous: FlaskClient, path: str) -> None:
    assert anonymous.get(path).status_code == 404


@pytest.mark.parametrize("status", [PostStatus.DRAFT, PostStatus.HIDDEN])
def test_drafts_and_hidden_posts_are_nowhere_for_strangers(
    anonymous: FlaskClient,
    member: FlaskClient,
    person: Person,
    write: Write,
    status: PostStatus,
) -> None:
    author = person("ines")
    post = write(author, "Not for you", status=status, tags=[Tag(name="secret")])
    write(author, "For you", tags=post.tags)
    for client in (anonymous, member):
        for path in ("/", "/?order=discussed", "/tags/secret/", "/people/ines/", "/drafts/"):
            assert "Not for you" not in client.get(path).text, path
        assert client.get(address(post)).status_code == 404
        assert client.get(f"/posts/{post.id}/edit/").status_code in (302, 404)


def test_authors_see_their_drafts(person: Person, write: Write, login_as: Login) -> None:
    author = person("ines")
    post = write(author, "Not yet", status=PostStatus.DRAFT, published_at=None)
    client = login_as(author)
    assert "Not yet" in client.get("/drafts/").text
    assert "Nobody but you can see it" in client.get(address(post)).text


def test_hidden_posts_are_open_to_moderators_and_drafts_are_not(
    moderator: FlaskClient, person: Person, write: Write
) -> None:
    author = person("ines")
    hidden = write(author, "Hidden", status=PostStatus.HIDDEN)
    draft = write(author, "Draft", status=PostStatus.DRAFT)
    assert moderator.get(address(hidden)).status_code == 200
    assert moderator.get(address(draft)).status_code == 404


def test_a_profile_shows_what_its_owner_wrote_about_themselves_as_text(
    anonymous: FlaskClient, person: Person
) -> None:
    person("ines", first_name="Inês", last_name="Duarte", about_me="<b>Swims</b>")
    page = anonymous.get("/people/ines/").text
    assert "Inês Duarte" in page
    assert "&lt;b&gt;Swims&lt;/b&gt;" in page
    assert "ines@example.org" not in page


def test_an_account_that_is_switched_off_has_no_page(
    anonymous: FlaskClient, person: Person
) -> None:
    person("ines", is_active=False)
    assert anonymous.get("/people/ines/").status_code == 404


LISTS = ["/", "/?order=discussed", "/tags/", "/tags/tag-1/", "/people/", "/moderation/"]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_costs_as_many_statements_for_two_hundred_posts_as_for_two(
    moderator: FlaskClient,
    crowd: Callable[[int], list[Post]],
    query_counter: Counter,
    path: str,
) -> None:
    costs = []
    for more in (2, 198):
        crowd(more)
        moderator.get(path)
        with query_counter() as statements:
            assert moderator.get(path).status_code == 200
        costs.append(len(statements))
    assert costs[0] == costs[1]
    # two of them only because this test changed rights in the context that it holds open
    assert costs[0] <= 9, statements


def test_a_post_costs_as_many_statements_with_two_hundred_comments_as_with_two(
    anonymous: FlaskClient, person: Person, write: Write, query_counter: Counter
) -> None:
    post = write(person("ines"))
    costs = []
    for count in (2, 198):
        for number in range(count):
            comment_on(post, person(f"reader-{count}-{number}"), f"Comment {number}")
        path = address(post)
        with query_counter() as statements:
            page = anonymous.get(path).text
        costs.append(len(statements))
    assert page.count('id="comment-') == 200
    assert costs[0] == costs[1]
