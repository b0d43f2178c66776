"""Markdown to HTML that is safe to show, whoever wrote it.

Markdown lets raw HTML through, so what counts is the cleaning afterwards: nh3 parses the result as
a browser would and keeps what is on the lists below. No pictures (the policy of the page allows
only our own), no classes, no styles, no ids.
"""

from __future__ import annotations

import html
import math
import re
import xml.etree.ElementTree as etree  # nosec B405
from dataclasses import dataclass

import nh3
from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor

INLINE = {"a", "abbr", "b", "br", "code", "del", "em", "i", "kbd", "s", "strong", "sub", "sup"}
BLOCKS = {"blockquote", "li", "ol", "p", "pre", "ul"}
POST_BLOCKS = {"h2", "h3", "h4", "hr", "table", "tbody", "td", "th", "thead", "tr"}
ATTRIBUTES = {"a": {"href", "title"}, "abbr": {"title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
#: Links of strangers get no weight from us and no handle on our window.
LINK_REL = "nofollow ugc noopener"
WORDS_PER_MINUTE = 200

#: Tables and code may be wider than a phone: they scroll, also by keyboard.
TABLE = '<div class="scroll" role="group" aria-label="Table" tabindex="0"><table>'
CODE = '<pre tabindex="0" role="group" aria-label="Code">'


@dataclass(frozen=True)
class Rendered:
    """A post as readers get it."""

    html: str
    text: str
    first_paragraph: str

    @property
    def minutes(self) -> int:
        """How long reading takes, never less than one."""
        return max(1, math.ceil(len(self.text.split()) / WORDS_PER_MINUTE))

    def summary(self, length: int) -> str:
        """The first paragraph, cut at a word."""
        text = self.first_paragraph
        if len(text) <= length:
            return text
        return text[: length - 1].rsplit(" ", 1)[0].rstrip(",;:. ") + "…"


def render_post(source: str) -> Rendered:
    """A post: headings from the second level on, tables, code."""
    cleaned = _clean(source, INLINE | BLOCKS | POST_BLOCKS)
    first = re.search(r"<p>(.*?)</p>", cleaned, re.DOTALL)
    shown = cleaned.replace("<table>", TABLE).replace("</table>", "</table></div>")
    return Rendered(
        html=shown.replace("<pre>", CODE),
        text=plain_text(cleaned),
        first_paragraph=plain_text(first[1]) if first else "",
    )


def render_comment(source: str) -> str:
    """A comment: paragraphs, lists, quotations, links and code."""
    return _clean(source, INLINE | BLOCKS).replace("<pre>", CODE)


def plain_text(markup: str) -> str:
    """The words of some HTML, in one line."""
    return " ".join(html.unescape(nh3.clean(markup, tags=set())).split())


def _clean(source: str, tags: set[str]) -> str:
    # A converter holds the text it is at: one per call, so that threads share none.
    extensions: list[str | Extension] = [
        "fenced_code",
        "sane_lists",
        "smarty",
        "tables",
        _Headings(),
    ]
    return nh3.clean(
        Markdown(extensions=extensions).convert(source),
        tags=tags,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel=LINK_REL,
    )


class _LowerHeadings(Treeprocessor):
    """The page has its one h1: the title of the post."""

    def run(self, root: etree.Element) -> None:
        for heading in root.iter("h1"):
            heading.tag = "h2"


class _Headings(Extension):
    def extendMarkdown(self, md: Markdown) -> None:
        md.treeprocessors.register(_LowerHeadings(md), "lower_headings", 5)
