"""The blog of these tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .blog import Blog, make_blog

MakeBlog = Callable[..., Blog]


@contextmanager
def _blogs(folder: Path) -> Iterator[MakeBlog]:
    made: list[Blog] = []

    def make(**options: Any) -> Blog:
        made.append(make_blog(f"sqlite:///{folder}/blog-{len(made)}.sqlite", **options))
        return made[-1]

    yield make
    for blog in made:
        with blog.app.app_context():
            for engine in blog.db.engines.values():
                engine.dispose()


@pytest.fixture
def blogs(tmp_path: Path) -> Iterator[MakeBlog]:
    """``blogs(**config)`` makes a blog on a database of its own."""
    with _blogs(tmp_path) as make:
        yield make


@pytest.fixture(scope="module")
def shared_blogs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeBlog]:
    """As ``blogs``, for tests of one module that change nothing."""
    with _blogs(tmp_path_factory.mktemp("blogs")) as make:
        yield make


@pytest.fixture
def blog(blogs: MakeBlog) -> Blog:
    """The usual one."""
    return blogs()
