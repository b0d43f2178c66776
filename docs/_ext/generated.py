"""Parts of the reference that are written from the package itself, whenever it is built.

A page holds ``<!-- generated: settings -->``; the comment is replaced by what the function of that
name returns, as Markdown. Nothing generated is kept in the repository, so nothing can be outdated.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import logging
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from flask import Flask
from jinja2 import Environment, nodes
from sphinx.application import Sphinx

import flask_lback
from flask_lback.auth.models import default_user, models_of
from flask_lback.cli import lback as root_command
from flask_lback.core.settings import Declaration, Settings, declarations, describe
from flask_lback.db.models import make_db
from flask_lback.extension import every_settings_class
from flask_lback.signals import catalogue

PACKAGE = Path(flask_lback.__file__).parent
#: What tests read and readers do not; lines stay where they are, for the warnings.
COMMENT = re.compile(r"^<!--.*?-->$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"^<!-- generated: (?P<name>\w+) -->$", re.MULTILINE)


# --- settings ---------------------------------------------------------------------------------


def settings() -> str:
    """Every setting of every feature, under the prefix of its class."""
    return "\n".join(_settings_section(kind) for kind in every_settings_class())


def _settings_section(kind: type[Settings]) -> str:
    intro = _after_prefix(inspect.getdoc(kind) or "", kind.prefix)
    parts = [f"## `{kind.prefix}*`", "", f"{intro}\n"]
    for declared in declarations(kind):
        parts += [f"({declared.key})=", f"### `{declared.key}`", "", declared.doc, ""]
        parts += [" · ".join(_facts(declared)), ""]
    return "\n".join(parts)


def _facts(declared: Declaration) -> Iterator[str]:
    yield f"Type: {describe(declared.type)}"
    yield f"Default: {_shown(declared.default)}"
    if choices := [one for one in declared.choices if one is not None]:
        yield f"One of: {', '.join(f'`{one!r}`' for one in choices)}"
    if declared.minimum is not None:
        yield f"At least: {declared.minimum}"
    if declared.aliases:
        yield f"Also read as: {', '.join(f'`{name}`' for name in declared.aliases)}"
    if declared.secret:
        yield "Its value is never shown"


def _shown(default: Any) -> str:
    return "unset" if default is None else f"`{default!r}`"


def _after_prefix(text: str, prefix: str) -> str:
    """``LBACK_AUTH_*``: pages and sessions.`` becomes ``Pages and sessions.``."""
    text = " ".join(text.split()).replace("``", "`").removeprefix(f"`{prefix}*`").lstrip(":. ")
    return text[:1].upper() + text[1:]


# --- signals ----------------------------------------------------------------------------------


def signals() -> str:
    """Every signal with its sender and arguments."""
    parts = []
    for signal in catalogue:
        parts += [f"(signal-{signal.name})=", f"## `{signal.name}`", "", signal.__doc__ or "", ""]
        parts += ["| argument | is |", "|---|---|", f"| sender | {signal.sender} |"]
        parts += [f"| `{name}` | {text} |" for name, text in signal.arguments.items()]
        parts += ["| `app` | the application |", ""]
    return "\n".join(parts)


# --- checks -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class CheckEntry:
    """One finding that the package can make, read from its source."""

    id: str
    level: str
    message: str
    hint: str
    about: str


def check_entries() -> list[CheckEntry]:
    """Every finding in the source of the package, by id."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                about = " ".join((ast.get_docstring(node) or "").split())
                for entry in _entries_in(node, about):
                    found.setdefault(entry.id, entry)
    return [found[name] for name in sorted(found)]


def _entries_in(function: ast.FunctionDef, about: str) -> Iterator[CheckEntry]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Finding"):
            values = [*node.args, *(keyword.value for keyword in node.keywords)]
            if len(values) == 4 and isinstance(values[0], ast.Constant):
                level = ast.unparse(values[1]).rpartition(".")[2]
                texts = (_text(values[2]), _text(values[3]))
                yield CheckEntry(values[0].value, level, *texts, about)


def checks() -> str:
    """Every finding with an anchor of its own."""
    parts = []
    for entry in check_entries():
        parts += [f"({entry.id})=", f"## {entry.id}", "", entry.about, ""]
        parts += [f"- {entry.level.capitalize()}: {entry.message}", f"- Remedy: {entry.hint}", ""]
    return "\n".join(parts)


def _text(node: ast.expr) -> str:
    """A text in the source; a gap that is filled at run time becomes an ellipsis."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.IfExp):
        return f"{_text(node.body)} Or: {_text(node.orelse)}"
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left) + _text(node.right)
    if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in ("gettext", "_"):
        return _text(node.args[0])
    return "…"


# --- commands ---------------------------------------------------------------------------------


#: Options that every command has.
EVERYWHERE = ("--help", "--traceback")


def commands() -> str:
    """Every command of `flask lback` with its arguments and options."""
    context = click.Context(root_command, info_name="flask lback")
    parts = []
    for name in root_command.list_commands(context):
        command = root_command.get_command(context, name)
        assert command is not None, name
        parts.append(_command_section(name, command, context))
    return "\n".join(parts)


def _command_section(name: str, command: click.Command, parent: click.Context) -> str:
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join(command.collect_usage_pieces(context))
    about = inspect.cleandoc(command.help or "").partition("\f")[0]
    parts = [f"(command-{name})=", f"## `{name}`", "", about, ""]
    parts += ["```text", f"flask lback {name} {usage}".rstrip(), "```", ""]
    records = [one.get_help_record(context) for one in command.get_params(context)]
    rows = [one for one in records if one and one[1] and one[0] not in EVERYWHERE]
    if rows:
        parts += ["| option | does |", "|---|---|"]
    parts += [f"| `{_cell(names)}` | {_cell(text)} |" for names, text in rows]
    return "\n".join([*parts, ""])


# --- models -----------------------------------------------------------------------------------


def models() -> str:
    """The tables of an application with the default user."""
    found = models_of(default_user(make_db()).metadata)
    kinds = {one.name: getattr(found, one.name) for one in dataclasses.fields(found)}
    return "\n".join(
        _model_section(kind, name) for name, kind in kinds.items() if isinstance(kind, type)
    )


def _model_section(model: type[Any], name: str) -> str:
    mapper = sa.inspect(model)
    parts = [f"## `{name}`", "", _about(model), "", f"Table `{mapper.local_table.name}`.", ""]
    parts += ["| attribute | type | |", "|---|---|---|"]
    for attribute in mapper.column_attrs:
        column = attribute.columns[0]
        parts.append(f"| `{attribute.key}` | {_type(column)} | {', '.join(_traits(column))} |")
    related = [
        f"`{relation.key}` ({'many ' if relation.uselist else ''}"
        f"`{relation.mapper.class_.__name__}`)"
        for relation in mapper.relationships
        if not relation.key.startswith("lback_")
    ]
    if related:
        parts += ["", f"Relations: {', '.join(sorted(related))}."]
    return "\n".join([*parts, ""])


def _about(model: type[Any]) -> str:
    return next((" ".join(text.split()) for kind in model.__mro__ if (text := kind.__doc__)), "")


def _type(column: sa.Column[Any]) -> str:
    kind = type(column.type).__name__
    length = getattr(column.type, "length", None)
    return f"{kind}({length})" if length else kind


def _traits(column: sa.Column[Any]) -> Iterator[str]:
    if column.primary_key:
        yield "primary key"
    if column.unique:
        yield "unique"
    for key in column.foreign_keys:
        yield f"key of `{key.column.table.name}`"
    if column.nullable:
        yield "may be empty"


# --- routes -----------------------------------------------------------------------------------

#: Blueprints, and what their routes are called.
_BLUEPRINTS = {"lback_auth": "Pages", "lback_api_auth": "JSON"}


def routes() -> str:
    """Every route of the accounts, where everything that can be switched on is on."""
    return "\n".join(_routes_of(name, title) for name, title in _BLUEPRINTS.items())


def application() -> Flask:
    """An application with every route."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    pem = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    app = Flask("everything")
    app.config.update(
        SECRET_KEY=secrets.token_hex(32),
        SQLALCHEMY_DATABASE_URI="sqlite://",
        LBACK_AUTH_MAGIC_LINK_ENABLED=True,
        LBACK_AUTH_JWT_ALGORITHM="EdDSA",
        LBACK_AUTH_JWT_KEY=pem.decode(),
        LBACK_AUTH_OAUTH_PROVIDERS={"google": {"client_id": "id", "client_secret": "secret"}},
    )
    flask_lback.Lback(app)
    return app


def _routes_of(blueprint: str, title: str) -> str:
    app = application()
    parts = [f"## {title}", "", "| route | methods | endpoint | does |", "|---|---|---|---|"]
    rules = (one for one in app.url_map.iter_rules() if one.endpoint.startswith(f"{blueprint}."))
    for rule in sorted(rules, key=lambda one: (one.rule, sorted(one.methods or ()))):
        methods = ", ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        path = re.sub(r"<(?:[^:<>]*:)?(\w+)>", r"<\1>", rule.rule)
        about = _view_about(app.view_functions[rule.endpoint])
        parts.append(f"| `{path}` | {methods} | `{rule.endpoint}` | {about} |")
    return "\n".join([*parts, ""])


def _view_about(view: Any) -> str:
    text = inspect.getdoc(getattr(view, "view_class", view)) or ""
    return _cell(text.partition("\n")[0])


# --- templates --------------------------------------------------------------------------------


def templates() -> str:
    """Every page with the blocks that stand in it."""
    folder = PACKAGE / "templates"
    parts = ["| template | blocks |", "|---|---|"]
    for path in sorted(folder.rglob("*.html")):
        tree = Environment(autoescape=True).parse(path.read_text("utf-8"))
        blocks = ", ".join(f"`{block.name}`" for block in tree.find_all(nodes.Block))
        parts.append(f"| `{path.relative_to(folder).as_posix()}` | {blocks} |")
    return "\n".join([*parts, ""])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# --- Sphinx -----------------------------------------------------------------------------------

PARTS: dict[str, Callable[[], str]] = {
    "settings": settings,
    "signals": signals,
    "checks": checks,
    "commands": commands,
    "models": models,
    "routes": routes,
    "templates": templates,
}


def filled(source: str) -> str:
    """A page with its generated parts."""
    return MARK.sub(lambda mark: PARTS[mark["name"]](), source)


def _fill(app: Sphinx, docname: str, source: list[str]) -> None:
    source[0] = COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), filled(source[0]))


def _always_outdated(app: Sphinx, env: Any, *changes: set[str]) -> list[str]:
    """Pages with generated parts are read again: the package may have changed."""
    return [
        name for name in env.found_docs if MARK.search(Path(env.doc2path(name)).read_text("utf-8"))
    ]


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it greets whoever imports a command
    app.connect("source-read", _fill)
    app.connect("env-get-outdated", _always_outdated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
