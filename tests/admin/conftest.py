"""The blog of these tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .blog import Blog, make_blog

MakeBlog = Callable[..., Blog]


@pytest.fixture
def blogs(tmp_path: Path) -> Iterator[MakeBlog]:
    """``blogs(**config)`` makes a blog on a database of its own."""
    made: list[Blog] = []

    def make(**options: Any) -> Blog:
        made.append(make_blog(f"sqlite:///{tmp_path}/blog-{len(made)}.sqlite", **options))
        return made[-1]

    yield make
    for blog in made:
        with blog.app.app_context():
            for engine in blog.db.engines.values():
                engine.dispose()


@pytest.fixture
def blog(blogs: MakeBlog) -> Blog:
    """The usual one."""
    return blogs()
