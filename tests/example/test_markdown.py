"""Whatever people type, readers get text and a few harmless elements."""

from __future__ import annotations

import re

import pytest

from example_app.blog.markdown import render_comment, render_post

HARMFUL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg/onload=alert(1)>",
    "[link](javascript:alert(1))",
    "[link](JaVaScRiPt:alert(1))",
    "[link](java\tscript:alert(1))",
    "[link](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[link](vbscript:msgbox(1))",
    '[link](https://example.org "x" onclick="alert(1))',
    "<a href='javascript&colon;alert(1)'>link</a>",
    '<a href="https://example.org" onclick="alert(1)" style="color:red">link</a>',
    "![picture](https://example.org/pixel.png)",
    "<iframe src='https://example.org'></iframe>",
    "<form action='https://example.org'><input name=password></form>",
    "<style>body { display: none }</style>",
    "<p id=account-menu class=menu style='position:fixed'>text</p>",
    "<math><mtext></p><style><img src=x onerror=alert(1)></style></mtext></math>",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    '> <a href="#" onmouseover=alert(1)>x</a>',
    "<javascript:alert(1)>",
]
FORBIDDEN = re.compile(
    r"<\s*(script|img|svg|iframe|form|input|style|math|object|embed|base|meta|link)"
    r"|<[^>]*\s(on\w+|style|id|class)\s*="
    r"|(href|src)\s*=\s*[\"']?\s*(javascript|data|vbscript)",
    re.IGNORECASE,
)
#: What we put around tables ourselves.
OURS = '<div class="scroll" role="group" aria-label="Table" tabindex="0">'


@pytest.mark.parametrize("source", HARMFUL)
def test_nothing_that_runs_reaches_the_reader(source: str) -> None:
    for text in (source, f"before {source} after", f"- {source}", f"| a |\n|---|\n| {source} |"):
        for shown in (render_post(text).html, render_comment(text)):
            assert not FORBIDDEN.search(shown.replace(OURS, "")), shown


def test_code_keeps_its_angle_brackets_as_text() -> None:
    assert "&lt;script&gt;" in render_post("```\n<script>alert(1)</script>\n```").html


def test_a_table_cannot_bring_alignment_styles() -> None:
    shown = render_post("| a | b |\n|:--|--:|\n| 1 | 2 |").html
    assert "style" not in shown
    assert "<td>2</td>" in shown


def test_the_page_keeps_its_only_first_heading() -> None:
    shown = render_post("# One\n\n## Two").html
    assert "<h1" not in shown
    assert "<h2>One</h2>" in shown


def test_comments_have_no_headings_and_no_tables() -> None:
    shown = render_comment("# Loud\n\n| a |\n|---|\n| 1 |")
    assert "<h" not in shown
    assert "<table" not in shown
    assert "Loud" in shown


def test_links_of_strangers_carry_no_weight() -> None:
    assert 'rel="nofollow ugc noopener"' in render_comment("[shop](https://example.org)")


def test_the_summary_is_the_first_paragraph_cut_at_a_word() -> None:
    rendered = render_post("## Title\n\nFish & *chips*, “twice”.\n\nMore.")
    assert rendered.summary(300) == "Fish & chips, “twice”."
    long = render_post("word " * 100)
    assert long.summary(52) == "word " * 9 + "word…"


def test_reading_takes_at_least_a_minute() -> None:
    assert render_post("").minutes == 1
    assert render_post("word " * 401).minutes == 3
