"""The panel of one application."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask, url_for
from flask_admin.base import Admin
from flask_admin.theme import Theme
from flask_sqlalchemy import SQLAlchemy
from werkzeug.utils import import_string

from ..auth.models import Models
from ..core.pages import PACKAGE, site_name
from ..core.settings import CoreSettings
from ..core.state import State
from ..core.translation import gettext
from ..exceptions import ConfigError
from ..permissions.names import app_label, permission_name
from ..permissions.registry import Permissions
from . import words
from .access import PREFIX, check_addresses, check_handlers
from .accounts import DEFAULTS
from .counting import count
from .declarations import Declaration
from .discovery import duplicate
from .options import ModelAdmin
from .overview.board import Board
from .overview.dashboard import DashboardView
from .scope import Scopes
from .settings import AdminSettings
from .validation import check
from .views.records import RecordView


class Panel(Admin):
    """Flask-Admin's collection of views, closed to views that nothing guards."""

    def add_view(self, view: Any) -> None:
        """Add a guarded view.

        :raises ConfigError: anybody could open it.
        """
        check_handlers([view])
        super().add_view(view)


class Site:
    """The views of one application's panel.

    :param state: of the application, planned or installed.
    """

    def __init__(self, app: Flask, state: State) -> None:
        self._app = app
        self.db = state[SQLAlchemy]
        self._permissions = state[Permissions]
        self.models = state[Models]
        self.settings = state[AdminSettings]
        self.prefix = state[CoreSettings].url_prefix + self.settings.url_prefix.rstrip("/")
        self.dashboard = DashboardView(self)
        self.scopes = Scopes()
        self.board = Board(self.db)
        self._views: dict[type[Any], RecordView] = {}
        self._declared: dict[type[Any], Declaration] = {}
        self._panel: Panel | None = None

    @property
    def title(self) -> str:
        """The name at the top of the sidebar."""
        return self.settings.title or site_name(self._app)

    def build(self, declarations: Iterable[Declaration]) -> None:
        """Make the views, ours for the accounts last; the application is not touched.

        :raises ConfigError: an option cannot work, or a model is declared twice.
        """
        for declaration in declarations:
            self._build(declaration)
        for name, admin_class in DEFAULTS.items():
            model = getattr(self.models, name)
            if model not in self._views:
                self._build(Declaration(model, admin_class, __name__))

    def install(self) -> None:
        """Mount the panel.

        :raises ConfigError: an address would be open.
        """
        self._panel = Panel(
            self._app,
            name=self.settings.title or "Admin",
            url=self.prefix,
            endpoint=PREFIX,
            index_view=self.dashboard,
            theme=Theme(folder=str(PACKAGE / "templates"), base_template="lback/admin/base.html"),
        )
        for view in self._views.values():
            self._panel.add_view(view)
        check_addresses(self._app, [self.dashboard, *self._views.values()])

    def add(self, declaration: Declaration) -> None:
        """Show one model more in a panel that is mounted.

        :raises ConfigError: as :meth:`build`, and for one of ours, whose place is taken.
        """
        view = self._build(declaration)
        if self._panel is not None:
            self._panel.add_view(view)

    def view_of(self, model: type[Any]) -> RecordView | None:
        """The view of a model."""
        return self._views.get(model)

    def visible(self) -> list[RecordView]:
        """The views whose list the present account may see."""
        return [view for view in self._views.values() if view.is_accessible()]

    def count(self, extra: Mapping[str, tuple[type[Any], Any]] | None = None) -> dict[str, Any]:
        """Count the rows of every visible model, by endpoint, and what else is asked for."""
        statements = {view.endpoint: (view.model, view.listing.every()) for view in self.visible()}
        return count(self.db, {**statements, **(extra or {})}, self.settings.count_limit)

    def home_url(self) -> str:
        """The address of the dashboard."""
        return url_for(f"{PREFIX}.index")

    def _build(self, declaration: Declaration) -> RecordView:
        model = declaration.model
        if (other := self._declared.get(model)) is not None:
            raise duplicate(other, declaration)
        options = self._class_for(model, declaration.admin_class)(model)
        check(options)
        label, name = app_label(model), model.__name__.lower()
        part = re.sub(r"\W+", "_", label)
        view = _view_class(options)(
            self,
            options,
            group=self._group(model, label),
            endpoint=f"{PREFIX}_{part}_{name}",
            url=f"{self.prefix}/{part}/{name}",
        )
        check_handlers([view])
        export = permission_name(model, "export")
        if export not in self._permissions.defined:
            self._permissions.define(export, f"Export {view.nouns}")
        self._declared[model] = declaration
        self._views[model] = view
        self.scopes.add(options)
        return view

    def _class_for(self, model: type[Any], declared: type[ModelAdmin]) -> type[ModelAdmin]:
        """The declared class; for accounts, upon ours, so that no rule of theirs is lost."""
        for name, ours in DEFAULTS.items():
            if getattr(self.models, name) is model and not issubclass(declared, ours):
                return type(
                    declared.__name__, (declared, ours), {"__module__": declared.__module__}
                )
        return declared

    def _group(self, model: type[Any], label: str) -> str:
        if any(getattr(self.models, name) is model for name in DEFAULTS):
            return gettext("Accounts")
        return words.label(label)


def _view_class(options: ModelAdmin) -> type[RecordView]:
    """The class of a model's pages.

    :raises ConfigError: the option names none.
    """
    try:
        found = import_string(options.view_class)
    except ImportError as error:
        raise ConfigError(
            f"{type(options).__name__}.view_class cannot be imported: {error}",
            "Check the dotted path.",
        ) from error
    if not (isinstance(found, type) and issubclass(found, RecordView)):
        raise ConfigError(
            f"{type(options).__name__}.view_class is {options.view_class!r}, no RecordView.",
            "Derive it from flask_lback.admin.views.records.RecordView.",
        )
    return found
