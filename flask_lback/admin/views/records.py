"""The pages of one model, on Flask-Admin's model view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from flask import abort, redirect, request
from flask_admin.base import expose
from flask_admin.contrib.sqla.view import ModelView

from ...auth.current import resolve
from ...auth.denials import refuse_forbidden
from ...auth.rights import rights_of
from ...permissions.names import permission_name
from .. import keys, words
from ..actions import DELETE, Action, actions_of
from ..converter import Converter
from ..editing import Cells
from ..forms import RecordForm
from ..history import page as history
from ..history.denied import noted
from ..inlines.built import Inline, built
from ..layout import form_field_names
from ..listing import Listing
from ..options import ModelAdmin
from ..scope import allows, decided, differs, permits
from ..transfer import export, importing
from . import action, cell_page, deletion, list_page, record_form, record_page
from .panel import PanelView

if TYPE_CHECKING:
    from ..sites import Site


class RecordView(PanelView, ModelView):
    """Lists, shows, adds, changes and deletes the rows of one model.

    :param site: the panel it stands in.
    :param options: what is shown of the model.
    """

    HANDLERS: ClassVar[dict[str, Any]] = {
        "index_view": ("view",),
        "details_view": ("view",),
        "create_view": ("add",),
        "edit_view": ("change",),
        "delete_view": ("delete",),
        "ajax_lookup": ("add", "change"),
        "action_view": None,
        "export_view": ("export",),
        "update_view": ("change",),
        "import_view": None,
        "history_view": None,
    }
    column_auto_select_related = False
    # Cell editing would change rows without a form, and export all of them at once.
    ajax_update = None
    export = None

    def __init__(
        self, site: Site, options: ModelAdmin, *, group: str, endpoint: str, url: str
    ) -> None:
        self.site = site
        self.options = options
        self.group = group
        self.noun = options.verbose_name or words.spoken(options.model.__name__)
        self.nouns = options.verbose_name_plural or words.plural(self.noun)
        self.title = words.heading(self.nouns)
        self.icon = options.icon or words.icon(options.model)
        self.actions = actions_of(options)
        super().__init__(
            options.model, site.db, name=self.title, category=group, endpoint=endpoint, url=url
        )

    def _refresh_cache(self) -> None:
        """In place of Flask-Admin's: our list, and one form class with every field."""
        self.listing = Listing(self.options)
        self.form_columns = list(form_field_names(self.options))
        self.record_form = self.scaffold_form()
        self.new_record_form = self.record_form
        if self.options.add_form is not None:
            self.new_record_form = self._form_of(self.options.add_form)
        self.cells = Cells(self)
        self.inlines: dict[type[Any], Inline] = built(
            self.options, self.site.db, self.site.settings
        )

    def scaffold_form(self) -> type[RecordForm]:
        """The class of the form; each request keeps the fields that it may write."""
        return self._form_of(self.options.form)

    def _form_of(self, given: type[Any] | None) -> type[RecordForm]:
        converter = Converter(self.site.db, self.options, self.site.settings.choice_limit)
        return converter.form(form_field_names(self.options), given)

    # --- who may ------------------------------------------------------------------------------

    def needed(self, handler: str) -> tuple[str, ...] | None:
        """The permissions of the model; an action names its own."""
        if handler == "action_view":
            name = request.form.get("action", "")
            if name == DELETE:
                return self.needed("delete_view")
            found = self.actions.get(name)
            return found.permissions[:1] if found else None
        if handler == "import_view":
            return importing.needed(self)
        if handler == "history_view":
            return history.needed(self)
        asked = self.HANDLERS.get(handler)
        if asked is None or self.options.without.intersection(asked):
            return None
        return tuple(permission_name(self.model, one) for one in asked)

    def may(self, what: str, row: Any = None) -> bool:
        """Whether the present account may ``add``, ``change``, ``delete`` or ``view``.

        :param row: the record, None to ask about the model.
        """
        if what in self.options.without:
            return False
        if not rights_of(resolve()).has(permission_name(self.model, what)):
            return False
        return permits(self.options, what, row)

    def is_accessible(self) -> bool:
        """Whether the present account may see the list."""
        return super().is_accessible() and permits(self.options, "view")

    @noted
    def _handle_view(self, name: str, **kwargs: Any) -> Any:
        """Ask the ModelAdmin too: it may forbid what the permissions allow."""
        refused = super()._handle_view(name, **kwargs)
        asked = self.HANDLERS.get(name) or ()
        if refused is None and asked and not any(map(self.may, asked)):
            refuse_forbidden(permission_name(self.model, asked[0]))
        return refused

    def allowed_actions(self) -> list[Action]:
        """The actions that the present account may take."""
        rights = rights_of(resolve())
        return [one for one in self.actions.values() if rights.has_all(one.permissions)]

    # --- rows ---------------------------------------------------------------------------------

    def get_pk_value(self, model: Any) -> str:
        """The key of a row as text."""
        return keys.encode(model)

    def get_one(self, id: Any) -> Any:
        """The row of a key, None when there is none."""
        return next(iter(self.get_many([str(id)])), None)

    def get_many(self, texts: Sequence[str], action: str = "view") -> list[Any]:
        """The rows of several keys.

        :param action: what is to be done with them; those it may not be done with are left out.
        """
        found = decided(self.options, action, self._found(texts, action))
        return [row for row in found if permits(self.options, action, row)]

    def requested(self, action: str = "view") -> Any:
        """The row that the address names.

        404 when there is none for this action. Who may read the row is shown it instead of a
        form, and told so otherwise: 403.
        """
        text = request.args.get("id", "")
        row = next(iter(self._found([text], action)), None)
        if row is not None and allows(self.options, action, row):
            return row
        if action == "view" or not self.may("view") or not self.get_many([text]):
            abort(404)
        if request.method == "POST" or action != "change":
            refuse_forbidden(permission_name(self.model, action))
        abort(redirect(self.get_url(".details_view", id=text)))

    def reached(self, rows: Sequence[Any], action: str) -> set[str]:
        """The keys of those rows with which something may be done; a statement at most."""
        return self.within(rows, action) if rows and self.may(action) else set()

    def within(self, rows: Sequence[Any], action: str) -> set[str]:
        """As :meth:`reached`, whatever permission the action needs."""
        found = rows
        if differs(self.options, action):
            found = self._found([keys.encode(row) for row in rows], action)
        found = decided(self.options, action, found)
        return {keys.encode(row) for row in found if permits(self.options, action, row)}

    def holds(self, row: Any, action: str) -> bool:
        """Whether something may be done with a record as the database has it now."""
        if not allows(self.options, action, row):
            return False
        return action == "add" or bool(self._found([keys.encode(row)], action))

    def _found(self, texts: Sequence[str], action: str) -> Sequence[Any]:
        decoded = [key for text in texts if (key := keys.decode(self.model, text)) is not None]
        if not decoded:
            return []
        statement = self.listing.every(action).where(keys.condition(self.model, decoded))
        return self.site.db.session.scalars(statement).unique().all()

    # --- pages --------------------------------------------------------------------------------

    @expose("/")
    def index_view(self) -> Any:
        """The list."""
        return list_page.show(self)

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """Add a record."""
        return record_page.add(self)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Any:
        """Change a record."""
        return record_page.change(self, self.requested("change"))

    @expose("/details/")
    def details_view(self) -> Any:
        """Read a record."""
        return record_page.show(self, None, self.requested())

    @expose("/delete/", methods=("GET", "POST"))
    def delete_view(self) -> Any:
        """Ask, and delete what the page was shown for."""
        return deletion.delete(self)

    @expose("/action/", methods=("POST",))
    def action_view(self) -> Any:
        """Do something with chosen rows."""
        return action.run(self)

    @expose("/cells/", methods=("POST",))
    def update_view(self) -> Any:
        """Write what was changed in the cells of the list."""
        return cell_page.save(self)

    @expose("/export/")
    def export_view(self) -> Any:
        """Download what the list shows."""
        return export.download(self)

    def export_links(self, parameters: dict[str, str]) -> list[Any]:
        """The formats that the present account may download, and their addresses."""
        return export.links(self, parameters)

    def may_import(self) -> bool:
        """Whether the present account can import anything."""
        return importing.is_offered(self)

    @expose("/import/", methods=("GET", "POST"))
    def import_view(self) -> Any:
        """Try the rows of a file; write them once the person has seen what they do."""
        return importing.handle(self)

    @expose("/history/")
    def history_view(self) -> Any:
        """Read what was done to a record."""
        return history.show(self)

    @expose("/lookup/")
    def ajax_lookup(self) -> Any:
        """Records for a look-up field, for people who may view them."""
        return record_form.lookup(self)

    # --- writing ------------------------------------------------------------------------------

    def form_for(self, row: Any) -> Any:
        """The form of a record, with only the fields that this request may write."""
        return record_form.make(self, row)

    def create_model(self, form: Any) -> Any:
        """Make a record from a valid form, without committing."""
        form.instance = self.options.construct(form)
        record_form.save(self, form, change=False)
        return form.instance

    def update_model(self, form: Any, model: Any) -> Any:
        """Write a valid form into a record, without committing."""
        form.instance = model
        self.options.populate(form, model)
        record_form.save(self, form, change=True)
        return model

    def delete_model(self, model: Any) -> Any:
        """Delete a record, without committing."""
        self.options.delete_model(request, model)
