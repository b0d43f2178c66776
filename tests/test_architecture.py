"""The house rules that a machine can check."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support.services import ROOT

PACKAGE = ROOT / "flask_lback"
NOT_OURS = {".git", ".venv", "node_modules", "__pycache__", "_build", "build", "dist", "instance"}
NOT_OURS_EITHER = {".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", "htmlcov"}

#: What generated projects are made from is text with gaps, not Python.
SKELETONS = (PACKAGE / "cli" / "project_template", PACKAGE / "db" / "migration_template")


def modules() -> list[Path]:
    return [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if not any(path.is_relative_to(skeleton) for skeleton in SKELETONS)
    ]


def templates() -> list[Path]:
    return sorted(
        path
        for folder in (PACKAGE, ROOT / "example_app")
        for path in folder.rglob("*.html")
        if "node_modules" not in path.parts
    )


def repository_files() -> list[Path]:
    skipped = NOT_OURS | NOT_OURS_EITHER
    return sorted(
        path
        for path in ROOT.rglob("*")
        if path.is_file()
        and not skipped.intersection(path.relative_to(ROOT).parts)
        and not any(part.endswith(".egg-info") for part in path.parts)
    )


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


# --- sizes ------------------------------------------------------------------------------------


def test_no_module_is_longer_than_350_lines() -> None:
    lengths = {shown(path): len(path.read_text().splitlines()) for path in modules()}
    assert {name: lines for name, lines in lengths.items() if lines > 350} == {}


# --- imports ----------------------------------------------------------------------------------


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


class Imports(ast.NodeVisitor):
    """The modules that a file imports, inside functions too, but not for type checkers only."""

    def __init__(self, module: str, is_package: bool, known: set[str]) -> None:
        self.package = module if is_package else module.rpartition(".")[0]
        self.known = known
        self.found: set[str] = set()

    def visit_If(self, node: ast.If) -> None:
        if "TYPE_CHECKING" in ast.unparse(node.test):
            for statement in node.orelse:
                self.visit(statement)
        else:
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self.found.update(alias.name for alias in node.names if alias.name in self.known)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = node.module or ""
        if node.level:
            parents = self.package.split(".")
            anchor = ".".join(parents[: len(parents) - node.level + 1])
            base = f"{anchor}.{base}" if base else anchor
        for alias in node.names:
            submodule = f"{base}.{alias.name}"
            # `from package import module` needs the module; any other name needs the package.
            self.found.update({submodule if submodule in self.known else base} & self.known)


def import_graph() -> dict[str, set[str]]:
    paths = {module_name(path): path for path in modules()}
    graph = {}
    for module, path in paths.items():
        imports = Imports(module, path.name == "__init__.py", set(paths))
        imports.visit(ast.parse(path.read_text()))
        graph[module] = imports.found - {module}
    return graph


def test_no_import_circle_even_through_imports_inside_functions() -> None:
    circle: list[str] = []
    try:
        TopologicalSorter(import_graph()).prepare()
    except CycleError as error:
        circle = error.args[1]
    assert circle == [], " is imported by ".join(circle)


def test_a_circle_would_be_noticed() -> None:
    imports = Imports("p.a", is_package=False, known={"p", "p.a", "p.b", "p.c", "p.d"})
    imports.visit(
        ast.parse(
            "from typing import TYPE_CHECKING\n"
            "from . import b, name\n"
            "def f():\n    from .c import thing\n"
            "if TYPE_CHECKING:\n    from .d import T\n"
        )
    )
    assert imports.found == {"p", "p.b", "p.c"}


def test_imports_go_down_the_floors() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run(
        [linter, "--no-logo", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


# --- templates --------------------------------------------------------------------------------

#: A mail has no stylesheet: its style is written on its elements, as all mail programs want it.
IS_MAIL = re.compile(r"(^|/)(mail|mails|email|emails)/")

TEMPLATE_RULES = {
    "inline script": re.compile(
        r'<script(?![^>]*\b(?:src=|type="application/json"))', re.IGNORECASE
    ),
    "inline event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "javascript address": re.compile(r"javascript\s*:", re.IGNORECASE),
    "resource of another host": re.compile(
        r"<(?:script|link|img|iframe|source|video|audio)\b[^>]*\b(?:src|href)\s*=\s*[\"']?"
        r"(?:https?:)?//",
        re.IGNORECASE,
    ),
    "style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "style element": re.compile(r"<style\b", re.IGNORECASE),
}
STYLE_RULES = {"style attribute", "style element"}


def broken_rules(source: str, *, is_mail: bool) -> Iterator[str]:
    source = re.sub(r"{#.*?#}", "", source, flags=re.DOTALL)
    for rule, pattern in TEMPLATE_RULES.items():
        if not (is_mail and rule in STYLE_RULES) and (match := pattern.search(source)):
            yield f"{rule}: {match.group()[:80]}"


def test_templates_hold_nothing_that_a_strict_content_policy_blocks() -> None:
    found = {
        shown(path): broken
        for path in templates()
        if (
            broken := list(
                broken_rules(path.read_text(), is_mail=bool(IS_MAIL.search(path.as_posix())))
            )
        )
    }
    assert found == {}


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("<script>alert(1)</script>", "inline script"),
        ('<script nonce="{{ n }}">alert(1)</script>', "inline script"),
        ('<a class="x" onclick="f()">', "inline event handler"),
        ('<a href="javascript:f()">', "javascript address"),
        ('<link rel="stylesheet" href="//cdn.example/x.css">', "resource of another host"),
        ('<p style="color: red">', "style attribute"),
        ("<style>p {}</style>", "style element"),
    ],
)
def test_a_template_that_breaks_a_rule_would_be_noticed(source: str, rule: str) -> None:
    assert [line.partition(": ")[0] for line in broken_rules(source, is_mail=False)] == [rule]


def test_templates_may_link_to_other_hosts_and_load_their_own_scripts() -> None:
    source = '<a href="https://example.org/">x</a><script src="/static/x.js" defer></script>'
    assert list(broken_rules(source, is_mail=False)) == []


# --- the repository ---------------------------------------------------------------------------

# Put together here, so that this file does not contain them.
MACHINE_PATHS = ["/" + "/".join(parts) for parts in (("work", ""), ("root", ""), ("opt", "pypi"))]
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("deb", "debian", "org"),
    )
]
NAMES_A_MACHINE = re.compile(
    r"(?<![\w.\-/}])(?:" + "|".join(map(re.escape, MACHINE_PATHS)) + ")|"
    r"\b(?:" + "|".join(map(re.escape, REGISTRIES)) + r")\b"
)


def test_no_file_names_a_path_of_a_machine_or_the_address_of_a_registry() -> None:
    found = {}
    for path in repository_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if names := sorted(set(NAMES_A_MACHINE.findall(text))):
            found[shown(path)] = names
    assert found == {}


def test_a_path_of_a_machine_would_be_noticed() -> None:
    assert NAMES_A_MACHINE.search(f"see {MACHINE_PATHS[0]}main")
    assert NAMES_A_MACHINE.search(f"https://registry.{REGISTRIES[2]}/x")
    assert not NAMES_A_MACHINE.search("/home" + MACHINE_PATHS[0])
