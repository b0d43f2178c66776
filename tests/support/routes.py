"""Routes are compiled once in a test process, not once for every application that it makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]


class KeptBuilders:
    """What ``Rule._compile_builder`` writes and compiles: a function that builds addresses.

    The function asks the rule it is called on for its converters, so that rules of different
    applications with the same parts share one. Defaults are written into it: such a rule is
    compiled as ever.
    """

    def __init__(self, compile_builder: Callable[[Rule, bool], Builder]) -> None:
        self._compile = compile_builder
        self._kept: dict[tuple[Any, ...], Builder] = {}

    def builder(self, rule: Rule, append_unknown: bool = True) -> Builder:
        """The function of that rule."""
        if rule.defaults:
            return self._compile(rule, append_unknown)
        key = (rule.rule, append_unknown, *rule._trace)
        if key not in self._kept:
            self._kept[key] = self._compile(rule, append_unknown)
        return self._kept[key]


def _keep(kept: KeptBuilders) -> None:
    def compile_builder(self: Rule, append_unknown: bool = True) -> Builder:
        return kept.builder(self, append_unknown)

    Rule._compile_builder = compile_builder  # type: ignore[method-assign]


if hasattr(Rule, "_compile_builder"):  # no promise of Werkzeug: without it, tests are slower
    _keep(KeptBuilders(Rule._compile_builder))
