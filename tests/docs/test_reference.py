"""The reference is complete: what the package declares stands in the pages that are generated."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import get_origin, get_type_hints

import pytest

from flask_lback.auth.models import Models
from flask_lback.cli import COMMANDS
from flask_lback.core.settings import declarations
from flask_lback.extension import every_settings_class
from flask_lback.signals import catalogue
from tests.support.services import ROOT

REFERENCE = ROOT / "docs" / "reference"


@pytest.fixture(scope="module")
def generated() -> Iterator[ModuleType]:
    """The Sphinx extension of the documentation."""
    path = ROOT / "docs" / "_ext" / "generated.py"
    spec = importlib.util.spec_from_file_location("generated", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generated"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["generated"]


def page(generated: ModuleType, name: str) -> str:
    source = (REFERENCE / f"{name}.md").read_text("utf-8")
    filled: str = generated.filled(source)
    assert filled != source, "the page has a generated part"
    return filled


def test_every_setting_has_a_sentence_and_a_place(generated: ModuleType) -> None:
    text = page(generated, "settings")
    every = [declared for kind in every_settings_class() for declared in declarations(kind)]
    assert len(every) > 30
    assert [one.key for one in every if not one.doc.strip().endswith((".", ")"))] == []
    assert [one.key for one in every if f"\n### `{one.key}`\n\n{one.doc}\n" not in text] == []


def test_every_kind_of_settings_says_what_it_is_about(generated: ModuleType) -> None:
    text = page(generated, "settings")
    for kind in every_settings_class():
        section = text.partition(f"\n## `{kind.prefix}*`\n")[2]
        about = section.partition("\n(")[0].strip()
        assert about, f"{kind.__name__} has a docstring that says more than its prefix"


def test_every_signal_has_a_sender_and_its_arguments(generated: ModuleType) -> None:
    text = page(generated, "signals")
    for signal in catalogue:
        section = text.partition(f"\n## `{signal.name}`\n")[2].partition("\n## ")[0]
        assert f"| sender | {signal.sender} |" in section
        assert [name for name in signal.arguments if f"| `{name}` |" not in section] == []


def test_every_check_has_an_anchor_and_a_remedy(generated: ModuleType) -> None:
    text = page(generated, "checks")
    entries = generated.check_entries()
    assert {"auth.W001", "db.E001", "security.E001"} <= {entry.id for entry in entries}
    assert [entry.id for entry in entries if f"\n({entry.id})=\n## {entry.id}\n" not in text] == []
    assert [entry.id for entry in entries if not entry.message or not entry.hint] == []


def test_every_id_of_a_check_in_the_source_is_found(generated: ModuleType) -> None:
    written = {
        name
        for path in (ROOT / "flask_lback").rglob("*.py")
        for name in re.findall(r'"([a-z]+\.[EWI]\d{3})"', path.read_text("utf-8"))
    }
    assert written == {entry.id for entry in generated.check_entries()}


def test_every_command_and_option_is_explained(generated: ModuleType) -> None:
    text = page(generated, "commands")
    for name in COMMANDS:
        section = text.partition(f"\n## `{name}`\n")[2].partition("\n## ")[0]
        assert re.search(r"^[A-Z].+\.", section, re.MULTILINE), f"{name} says what it does"
    assert [line for line in text.splitlines() if re.fullmatch(r"\| `.*` \|\s*\|", line)] == []


def test_every_model_and_template_is_listed(generated: ModuleType) -> None:
    models = page(generated, "models")
    hints = get_type_hints(Models).items()
    companions = [name for name, kind in hints if get_origin(kind) is type]
    assert {"UserSession", "ApiToken", "AuditEntry"} <= set(companions)
    for name in companions:
        assert f"\n## `{name}`\n" in models
    templates = page(generated, "templates")
    folder = ROOT / "flask_lback" / "templates"
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*.html")]
    assert [name for name in names if f"| `{name}` |" not in templates] == []


def test_every_route_says_what_it_does(generated: ModuleType) -> None:
    text = page(generated, "routes")
    assert "| `/auth/login/` | GET, POST | `lback_auth.login` |" in text
    assert "| `/api/auth/sessions/<session_id>/` | DELETE |" in text
    assert [line for line in text.splitlines() if re.search(r"\|\s*\|$", line)] == []


def test_every_json_route_is_described(generated: ModuleType) -> None:
    described = (REFERENCE / "json.md").read_text()
    described += (ROOT / "docs" / "how-to" / "passkeys.md").read_text()
    rules = generated.application().url_map.iter_rules()
    paths = {
        re.sub(r"<[^>]*>", "<id>", one.rule.removeprefix("/api/auth/"))
        for one in rules
        if one.endpoint.startswith("lback_api_auth.")
    }
    names = {path.removeprefix("two-factor/").removeprefix("passkeys/") or "./" for path in paths}
    assert len(names) > 20
    assert [name for name in sorted(names) if name not in described] == []


def test_every_event_of_the_audit_log_is_described() -> None:
    described = set(re.findall(r"`((?:auth|security)\.\w+)`", (REFERENCE / "audit.md").read_text()))
    written = {
        name
        for path in (ROOT / "flask_lback").rglob("*.py")
        for call in re.findall(
            r"(?:\.(?:record|refuse|note)|write_refusal)\(([^)]*)", path.read_text("utf-8")
        )
        for name in re.findall(r'"((?:auth|security)\.\w+)"', call)
    }
    assert len(written) > 30
    assert described == written


def test_every_block_and_macro_that_is_described_exists(generated: ModuleType) -> None:
    folder = ROOT / "flask_lback" / "templates" / "lback"
    layouts = ["layout.html", "auth/base.html", "auth/account_base.html", "errors/error.html"]
    sources = "".join((folder / name).read_text() for name in [*layouts, "mail/base.html"])
    text = (REFERENCE / "templates.md").read_text()
    blocks = text.partition("## Blocks of")[2].partition("## Names in")[0]
    words = re.findall(r"`([a-z_]+)`", blocks)
    assert [word for word in words if f"block {word} %" not in sources] == []
    macros = re.findall(r"`(\w+\([\w, ]*\))`", text.partition("## Macros of")[2])
    ui = (folder / "ui.html").read_text()
    for macro in macros:
        name, _, arguments = macro.rstrip(")").partition("(")
        found = re.search(rf"macro {name}\(([^)]*)\)", ui)
        assert found, macro
        declared = [one.partition("=")[0].strip() for one in found[1].split(",")]
        assert set(arguments.split(", ")) <= set(declared), macro


def test_no_page_links_to_a_file_that_is_not_there() -> None:
    readme = (ROOT / "README.md").read_text()
    links = re.findall(r"(?<!!)\[[^\]]*\]\((?!https?:)([^)#]+)\)", readme)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_settings_that_pages_name_exist() -> None:
    known = {
        name
        for kind in every_settings_class()
        for declared in declarations(kind)
        for name in (declared.key, *declared.aliases)
    }
    environment = {"LBACK_ENV", "LBACK_REQUIRE_SERVICES", "LBACK_TEST"}
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    named = {
        name: path.name
        for path in pages
        for name in re.findall(r"\bLBACK_[A-Z0-9_]+[A-Z0-9](?!\w)", Path(path).read_text("utf-8"))
    }
    unknown = {
        name: where
        for name, where in named.items()
        if name not in known | environment and not name.startswith("LBACK_SUPERUSER")
    }
    assert unknown == {}
