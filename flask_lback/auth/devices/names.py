"""What a browser is called, for its owner to recognise."""

from __future__ import annotations

import re

from ...core.translation import gettext

#: The first that is found counts: most browsers name the ones they are like as well.
_BROWSERS = (
    ("Edge", re.compile(r"\bEdg(?:e|A|iOS)?/")),
    ("Opera", re.compile(r"\b(?:OPR|Opera)/")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/")),
    ("Vivaldi", re.compile(r"\bVivaldi/")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/")),
    ("Chrome", re.compile(r"\b(?:Chrome|CriOS|HeadlessChrome)/")),
    ("Chromium", re.compile(r"\bChromium/")),
    ("Safari", re.compile(r"\bSafari/")),
    ("Internet Explorer", re.compile(r"\b(?:MSIE |Trident/)")),
)
_SYSTEMS = (
    ("iPhone", re.compile(r"\biPhone\b")),
    ("iPad", re.compile(r"\biPad\b")),
    ("Android", re.compile(r"\bAndroid\b")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("Windows", re.compile(r"\bWindows\b")),
    ("macOS", re.compile(r"\bMac(?:intosh| OS X)\b")),
    ("Linux", re.compile(r"\bLinux\b")),
)
#: A program's own name, such as ``curl`` of ``curl/8.5.0``.
_PROGRAM = re.compile(r"([A-Za-z][A-Za-z0-9 ._-]{0,39})/\d")


def device_name(user_agent: str, *, any_program: bool = True) -> str:
    """Browser and system in words, such as ``Firefox on Linux``.

    Whoever sends the text may write anything in it, so it names, and proves nothing.

    :param any_program: whether a program that is not known is called by its own name.
    """
    browser, system = _first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)
    if browser and system:
        return gettext("%(browser)s on %(system)s", browser=browser, system=system)
    if browser or system:
        return browser or system
    program = _PROGRAM.match(user_agent) if any_program else None
    if program is not None and program[1] != "Mozilla":
        return program[1]
    return gettext("An unknown device")


def _first(known: tuple[tuple[str, re.Pattern[str]], ...], user_agent: str) -> str:
    return next((name for name, pattern in known if pattern.search(user_agent)), "")
