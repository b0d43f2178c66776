"""Puts the words of the corpus together. The same seed gives the same site."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from .corpus import Person, Topic, topics, words

SLOT = re.compile(r"\{(town|friend|weekday|month|n|hundreds)\}")
#: A topic returns after this many others at the earliest, so that neighbours read differently.
TOPIC_DISTANCE = 9


@dataclass(frozen=True)
class Draft:
    """A post before it has an author and a date."""

    title: str
    body: str
    tags: tuple[str, ...]
    topic: Topic


class Composer:
    """Writes posts and comments.

    :param random: where every choice comes from.
    """

    def __init__(self, random: Random) -> None:
        self.random = random

    def posts(self, count: int) -> Iterator[Draft]:
        """So many posts, no two with one title, neighbours on different subjects.

        Past the stock of titles a post is the next part of an earlier one.
        """
        part = 1
        left = count
        while left > 0:
            for topic, (title, first) in self._order():
                if left == 0:
                    return
                name = title if part == 1 else f"{title}, part {part}"
                yield self._post(topic, name, first)
                left -= 1
            part += 1

    def comment(self, topic: Topic, author: Person) -> str:
        """What somebody says below a post of that author on that topic."""
        pool = words()
        pick = self.random.choice
        kind = self.random.random()
        if kind < 0.55:
            text = pick(topic.comments)
            if self.random.random() < 0.35:
                text = f"{pick(pool['openers'])} {text}"
        elif kind < 0.9:
            text = f"{pick(pool['openers'])} {pick(pool['followers'])}"
        else:
            text = pick(pool["replies"]).replace("{author}", author.first_name)
        return self._fill(text, {})

    def rude_comment(self) -> str:
        """What a moderator takes away."""
        return str(self.random.choice(words()["rude"]))

    def _order(self) -> Iterator[tuple[Topic, tuple[str, str]]]:
        """Every title once; the topic furthest behind goes first among those that have rested."""
        by_name = {topic.name: topic for topic in topics()}
        left = {topic.name: deque(self._shuffled(topic.posts)) for topic in topics()}
        recent: deque[str] = deque(maxlen=min(TOPIC_DISTANCE, len(by_name) - 1))
        for title in words()["front"]:
            for name, titles in left.items():
                if found := next((one for one in titles if one[0] == title), None):
                    titles.remove(found)
                    recent.append(name)
                    yield by_name[name], found
        while any(left.values()):
            rested = [name for name, titles in left.items() if titles and name not in recent]
            if not rested:
                recent.popleft()
                continue
            most = max(len(left[name]) for name in rested)
            name = self.random.choice([name for name in rested if len(left[name]) == most])
            recent.append(name)
            yield by_name[name], left[name].popleft()

    def _post(self, topic: Topic, title: str, first: str) -> Draft:
        chosen = self.random.sample(topic.sections, self.random.choice((3, 3, 4, 4, 5)))
        parts = [first]
        if self.random.random() < 0.7:
            parts.append(self.random.choice(topic.openings))
        parts += [*chosen, self.random.choice(topic.closings)]
        slots: dict[str, str] = {}
        body = "\n\n".join(self._fill(part, slots) for part in parts)
        extra = self.random.sample(topic.tags, self.random.choice((0, 1, 1, 2)))
        return Draft(self._fill(title, slots), body, (topic.name, *extra), topic)

    def _fill(self, text: str, slots: dict[str, str]) -> str:
        """Replace the braces; within one post a word stays the same."""
        pool = words()

        def choose(match: re.Match[str]) -> str:
            name = match[1]
            if name not in slots:
                slots[name] = self.random.choice(pool[name])
            return slots[name]

        return SLOT.sub(choose, text)

    def _shuffled(self, titles: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
        return self.random.sample(titles, len(titles))
