"""The demo reads like a site that people have used."""

from __future__ import annotations

import re
from collections import Counter
from random import Random

from example_app.blog.markdown import render_post
from example_app.demo.composing import TOPIC_DISTANCE, Composer
from example_app.demo.corpus import people, topics, words

POSTS = list(Composer(Random(1)).posts(300))


def test_there_are_fifty_people_with_names_of_their_own() -> None:
    assert len(people()) == 50
    for what in ("username", "first_name", "last_name", "about_me", "email"):
        assert len({getattr(one, what) for one in people()}) == 50, what
    assert all(one.location for one in people())
    assert all(one.email.endswith(".example") for one in people())


def test_no_two_of_three_hundred_posts_share_a_title_or_a_text() -> None:
    assert len({post.title for post in POSTS}) == 300
    assert len({post.body for post in POSTS}) == 300


def test_neighbours_are_about_different_things() -> None:
    names = [post.topic.name for post in POSTS]
    for index, name in enumerate(names):
        assert name not in names[index + 1 : index + 1 + TOPIC_DISTANCE - 3], index


def test_neighbours_share_no_paragraph() -> None:
    for index, post in enumerate(POSTS):
        own = set(post.body.split("\n\n"))
        for other in POSTS[index + 1 : index + 5]:
            assert own.isdisjoint(other.body.split("\n\n")), (post.title, other.title)


def test_every_kind_of_markdown_is_there() -> None:
    shown = [render_post(post.body).html for post in POSTS]
    kinds = ("<h2>", "<ul>", "<ol>", "<blockquote>", "<pre", "<table>", "<em>", "<code>")
    found = Counter(kind for text in shown for kind in kinds if kind in text)
    assert all(found[kind] >= 20 for kind in kinds), found


def test_no_brace_is_left_over() -> None:
    for post in POSTS:
        assert not re.search(r"\{(town|friend|weekday|month|n|hundreds|author)\}", post.body)
        assert "{" not in post.title


def test_the_same_seed_gives_the_same_site_and_another_gives_another() -> None:
    assert list(Composer(Random(1)).posts(40)) == POSTS[:40]
    assert [post.body for post in Composer(Random(2)).posts(40)] != [p.body for p in POSTS[:40]]


def test_past_the_stock_of_titles_posts_go_on() -> None:
    many = list(Composer(Random(1)).posts(320))
    assert len({post.title for post in many}) == 320
    assert any(post.title.endswith(", part 2") for post in many)


def test_who_writes_and_what_stands_in_front_exists() -> None:
    names = {one.username for one in people()}
    assert set(words()["writers"]) == {topic.name for topic in topics()}
    assert {name for row in words()["writers"].values() for name in row} == names
    titles = {title for topic in topics() for title, _ in topic.posts}
    assert set(words()["front"]) <= titles
