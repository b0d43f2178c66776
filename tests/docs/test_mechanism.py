"""What would go wrong unseen if the samples were run carelessly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from .folder import Folder, SampleError
from .samples import commands_of, samples_of

Follow: TypeAlias = Callable[[str], Path]

APP = """
```python
# app.py
from flask import Flask

app = Flask(__name__)


@app.get("/cookies/")
def cookies():
    return "", 204, [("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; Path=/")]


@app.get("/")
def home():
    return {"answer": 42, "token": "t0k3n"}
```
"""


@pytest.fixture
def follow(tmp_path: Path) -> Follow:
    """Follow a page of this text in an empty folder."""

    def run(text: str) -> Path:
        page = tmp_path / "page.md"
        page.write_text(text)
        (place := tmp_path / "place").mkdir()
        with Folder(place) as folder:
            folder.follow(samples_of(page))
        return place

    return run


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("```python\nraise LookupError('x')\n```\n", "LookupError: x"),
        ("```python\nimport no_such_module_at_all\n```\n", "No module named"),
        ("```pycon\n>>> 1 + 1\n3\n```\n", "Got:"),
        ("```console\n$ false\n```\n", "status 1"),
        ("<!-- status: 1 -->\n```console\n$ true\n```\n", "status 0"),
        ("```console\n$ echo tea\ncoffee\n```\n", "it prints\ntea"),
        ("<!-- typed: x -->\n```console\n$ true\n```\n", "nobody asked for"),
        ("<!-- python\nassert False, 'unseen'\n-->\n", "unseen"),
        ("```http\nGET / HTTP/1.1\n```\n", "a request without a response"),
        (APP + "```http\nGET / HTTP/1.1\n```\n\n```http\nHTTP/1.1 404 NO\n```\n", "404"),
        (
            APP
            + '```http\nGET / HTTP/1.1\n```\n\n```http\nHTTP/1.1 200 OK\n\n{"answer": 42}\n```\n',
            "['answer', 'token'] has come",
        ),
        (
            APP
            + "```http\nGET / HTTP/1.1\n```\n\n```http\nHTTP/1.1 200 OK\n\n"
            + '{"answer": 41, "token": "..."}\n```\n',
            "41 is shown, but got 42",
        ),
        (
            APP
            + "```http\nGET /cookies/ HTTP/1.1\n```\n\n"
            + "```http\nHTTP/1.1 204 NO CONTENT\nSet-Cookie: c=...\n```\n",
            "Set-Cookie: c=",
        ),
        ("```console\n$ flask run\n```\n", "it ended"),
    ],
)
def test_a_page_that_is_wrong_fails(follow: Follow, text: str, told: str) -> None:
    with pytest.raises(SampleError) as failure:
        follow(text)
    assert told in str(failure.value)


def test_a_page_that_is_right_passes(follow: Follow) -> None:
    place = follow(
        APP
        + "```console\n$ flask routes\nEndpoint ...\nhome ... /\n...\n```\n"
        + "```http\nGET /cookies/ HTTP/1.1\n```\n\n"
        + "```http\nHTTP/1.1 204 NO CONTENT\nSet-Cookie: b=2; Path=/\n```\n"
        + "```console\n$ export TEA=green\n$ echo \\\n    $TEA\ngreen\n```\n"
        + "```http\nGET / HTTP/1.1\n```\n\n```http\nHTTP/1.1 200 OK\n\n"
        + '{"answer": 42, "token": "<token>"}\n```\n'
        + "```http\nGET /?<token> HTTP/1.1\n```\n\n```http\nHTTP/1.1 200 OK\n\n"
        + '{"answer": "...", "token": "..."}\n```\n'
        + "```python\nnumber = 6\n```\n\n```pycon\n>>> number * 7\n42\n```\n"
        + "```console\n$ flask run\n ...Running on http://127.0.0.1:5000\n...\n```\n"
        + "<!-- not run: it would not end -->\n```console\n$ sleep 1000000\n```\n"
        + "```python\n# app.py, continued\nx = 1\n```\n"
    )
    assert (place / "app.py").read_text().endswith('"t0k3n"}\n\n\nx = 1\n'), (
        "without the line that names the file"
    )


def test_a_block_that_is_a_file_is_told_by_its_first_line(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```python\n# shop/views.py\n```\n```jinja\n{# templates/x.html #}\n```\n"
        "```python\n# app.py, continued\n```\n```python\n# a comment of its own.\n```\n"
        "```ini\n# .env\n```\n```js\n// static/x.js\n```\n```js\n// of its own.\n```\n"
    )
    assert [sample.file for sample in samples_of(page)] == [
        ("shop/views.py", False),
        ("templates/x.html", False),
        ("app.py", True),
        None,
        (".env", False),
        ("static/x.js", False),
        None,
    ]


def test_output_belongs_to_the_command_above_it(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ one \\\n    --more\nfirst\n\nsecond\n$ two\n```\n")
    (sample,) = samples_of(page)
    assert [(each.line, each.output) for each in commands_of(sample)] == [
        ("one --more", "first\n\nsecond"),
        ("two", ""),
    ]
