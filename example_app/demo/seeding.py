"""Writes the demo into a database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from flask_lback import LbackError

from ..extensions import lback
from ..models import Comment, CommentStatus, Post, PostStatus, Tag, User
from ..roles import MEMBERS, MODERATORS
from .composing import Composer, Draft
from .corpus import Person, people, words

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, scoped_session

MONTHS = 18
#: Each so-maniest post is a draft, or was hidden.
DRAFTS, HIDDEN = 23, 47
#: Of a hundred comments so many were hidden; of the last weeks' so many wait for a moderator.
REMOVED, WAITING = 3, 16
WAITING_DAYS = 24
MODERATOR_NAMES = ("ines", "maya")


@dataclass(frozen=True)
class Summary:
    """What was written."""

    users: int
    posts: int
    comments: int

    def __str__(self) -> str:
        return f"{self.users} people, {self.posts} posts, {self.comments} comments"


def seed(
    session: Session | scoped_session[Any],
    *,
    users: int = 50,
    posts: int = 300,
    advance: Callable[[int], None] | None = None,
    now: dt.datetime | None = None,
    random_seed: int = 1838,
) -> Summary:
    """Fill a migrated database and commit.

    :param session: where to write.
    :param users: how many people, fifty at most.
    :param posts: how many posts; each has five comments on average.
    :param advance: called with the number of steps done; there are ``users + posts``.
    :param now: the moment up to which everything has happened.
    :param random_seed: the same number gives the same site.
    :raises LbackError: there are posts already.
    """
    if session.scalar(sa.select(sa.exists().where(Post.id.is_not(None)))):
        raise LbackError(
            "The database already has posts.",
            "Demo content goes into an empty one: delete the file, or name another database.",
        )
    random = Random(random_seed)  # noqa: S311  # nosec B311
    seeding = _Seeding(session, random, now or dt.datetime.now(dt.UTC), advance or (lambda n: None))
    return seeding.run(users, posts)


class _Seeding:
    def __init__(
        self,
        session: Session | scoped_session[Any],
        random: Random,
        now: dt.datetime,
        advance: Callable[[int], None],
    ) -> None:
        self.session = session
        self.random = random
        self.now = now
        self.advance = advance
        self.composer = Composer(random)
        self.users: dict[str, User] = {}
        self.people: dict[str, Person] = {}
        self.tags: dict[str, Tag] = {}
        self.comments = 0

    def run(self, users: int, posts: int) -> Summary:
        self._add_people(people()[:users])
        self.tags = {tag.name: tag for tag in self.session.scalars(sa.select(Tag))}
        dates = self._dates(posts)
        for index, draft in enumerate(self.composer.posts(posts)):
            with self.session.no_autoflush:
                self._add_post(index, draft, next(dates))
            self.advance(1)
        self.session.commit()
        return Summary(len(self.users), posts, self.comments)

    def _add_people(self, chosen: tuple[Person, ...]) -> None:
        found = self.session.scalars(sa.select(lback.models.Group))
        groups = {group.name: group for group in found}
        for person in chosen:
            joined = self.now - dt.timedelta(days=MONTHS * 30 + self.random.randint(1, 90))
            user = User(
                username=person.username,
                email=person.email,
                first_name=person.first_name,
                last_name=person.last_name,
                location=person.location,
                about_me=person.about_me,
                date_joined=joined,
                email_verified_at=joined,
                last_seen_at=self._before(self.now, days=20),
            )
            names = [MEMBERS, *([MODERATORS] if person.username in MODERATOR_NAMES else [])]
            user.groups = [groups[name] for name in names if name in groups]
            self.session.add(user)
            self.users[person.username] = user
            self.people[person.username] = person
            self.advance(1)

    def _dates(self, count: int) -> Iterator[dt.datetime]:
        """From a few hours ago backwards over eighteen months, unevenly, as people write."""
        step = dt.timedelta(days=MONTHS * 30) / max(count, 1)
        for index in range(count):
            moment = self.now - step * (index + self.random.uniform(0.1, 0.9))
            # most is written in the morning and after dinner, nothing in the small hours
            hour = self.random.choice((7, 8, 9, 12, 17, 19, 20, 21, 21, 22))
            at = moment.replace(hour=hour, minute=self.random.randrange(60))
            yield at if at < self.now else moment

    def _add_post(self, index: int, draft: Draft, moment: dt.datetime) -> None:
        writers = words()["writers"][draft.topic.name]
        present = [name for name in writers if name in self.users] or list(self.users)
        author = present[0] if draft.title in words()["front"] else self.random.choice(present)
        status = PostStatus.PUBLISHED
        if index % DRAFTS == DRAFTS - 1:
            status = PostStatus.DRAFT
        elif index % HIDDEN == HIDDEN - 1:
            status = PostStatus.HIDDEN
        post = Post(
            title=draft.title,
            body=draft.body,
            status=status,
            author=self.users[author],
            published_at=None if status is PostStatus.DRAFT else moment,
            created_at=moment - dt.timedelta(hours=self.random.randint(1, 60)),
            updated_at=moment,
            tags=[self._tag(name) for name in dict.fromkeys(draft.tags)],
        )
        self.session.add(post)
        if status is not PostStatus.DRAFT:
            self._add_comments(post, draft, self.people[author], moment)

    def _add_comments(
        self, post: Post, draft: Draft, author: Person, published: dt.datetime
    ) -> None:
        # a few posts are talked about a lot, most a little, some not at all
        count = min(int(self.random.expovariate(1 / 5.6)), 32)
        if draft.title in words()["front"]:
            count = max(count, self.random.randint(6, 14))
        moments = sorted(self._after(published) for _ in range(count))
        said: set[str] = set()
        readers = [name for name in self.users if name != author.username]
        for moment in moments if readers else ():
            status, text = self._comment(draft, author, moment)
            if text in said:
                status, text = self._comment(draft, author, moment)
            if text in said:
                continue
            said.add(text)
            post.comments.append(
                Comment(
                    body=text,
                    status=status,
                    author=self.users[self.random.choice(readers)],
                    created_at=moment,
                    updated_at=moment,
                )
            )
            self.comments += 1

    def _comment(
        self, draft: Draft, author: Person, moment: dt.datetime
    ) -> tuple[CommentStatus, str]:
        chance = self.random.randrange(100)
        recent = moment > self.now - dt.timedelta(days=WAITING_DAYS)
        if chance < REMOVED:
            return CommentStatus.HIDDEN, self.composer.rude_comment()
        if not recent or chance >= REMOVED + WAITING:
            return CommentStatus.SHOWN, self.composer.comment(draft.topic, author)
        if self.random.random() < 0.3:
            return CommentStatus.WAITING, self.composer.rude_comment()
        return CommentStatus.WAITING, self.composer.comment(draft.topic, author)

    def _tag(self, name: str) -> Tag:
        if name not in self.tags:
            self.tags[name] = Tag(name=name)
        return self.tags[name]

    def _after(self, moment: dt.datetime) -> dt.datetime:
        """Some time later: mostly within days, never in the future."""
        later = moment + dt.timedelta(hours=self.random.expovariate(1 / 40))
        return later if later < self.now else moment + (self.now - moment) * self.random.random()

    def _before(self, moment: dt.datetime, days: int) -> dt.datetime:
        return moment - dt.timedelta(days=self.random.random() * days)
