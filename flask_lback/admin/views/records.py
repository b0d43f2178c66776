"""The pages of one model, on Flask-Admin's model view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from flask import abort, flash, redirect, request
from flask_admin.base import expose
from flask_admin.contrib.sqla.view import ModelView

from ...auth.current import resolve
from ...auth.denials import refuse_forbidden
from ...auth.rights import rights_of
from ...core.translation import gettext
from ...permissions.names import permission_name
from .. import keys, words
from ..actions import DELETE, Action, actions_of
from ..fields import RelationField
from ..forms import Converter, RecordForm
from ..layout import form_field_names, written_names
from ..listing import Listing
from ..options import ModelAdmin
from ..relations import MOST_FOUND
from ..saving import NotSavedError, committed, show
from . import deletion, list_page, record_page
from .panel import PanelView

if TYPE_CHECKING:
    from ..site import Site


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
        self._record_form = self.scaffold_form()

    def scaffold_form(self) -> type[RecordForm]:
        """The class of the form; each request keeps the fields that it may write."""
        converter = Converter(self.site.db, self, self.site.settings.choice_limit)
        return converter.form(self.model, self.form_columns or (), self.options.extra_fields())

    # --- who may ------------------------------------------------------------------------------

    def needed(self, handler: str) -> tuple[str, ...] | None:
        """The permissions of the model; an action names its own."""
        if handler == "action_view":
            name = request.form.get("action", "")
            if name == DELETE:
                return self.needed("delete_view")
            found = self.actions.get(name)
            return found.permissions[:1] if found else None
        asked = self.HANDLERS.get(handler)
        if asked is None or self.options.without.intersection(asked):
            return None
        return tuple(permission_name(self.model, one) for one in asked)

    def may(self, what: str) -> bool:
        """Whether the present account may ``add``, ``change``, ``delete`` or ``view``."""
        if what in self.options.without:
            return False
        return rights_of(resolve()).has(permission_name(self.model, what))

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

    def get_many(self, texts: Sequence[str]) -> list[Any]:
        """The rows of several keys."""
        decoded = [key for text in texts if (key := keys.decode(self.model, text)) is not None]
        if not decoded:
            return []
        statement = self.listing.every().where(keys.condition(self.model, decoded))
        return list(self.site.db.session.scalars(statement).unique())

    def requested(self) -> Any:
        """The row that the address names, 404 when there is none."""
        row = self.get_one(request.args.get("id", ""))
        return row if row is not None else abort(404)

    # --- pages --------------------------------------------------------------------------------

    @expose("/")
    def index_view(self) -> Any:
        """The list."""
        return list_page.show(self)

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """Add a record."""
        form = self.form_for(None)
        if request.method != "POST":
            return record_page.show(self, form, None)
        if form.validate():
            try:
                row = committed(lambda: self.create_model(form))
            except NotSavedError as error:
                show(form, error)
            else:
                flash(gettext("%(name)s is added.", name=str(row)), "ok")
                return redirect(record_page.after_saving(self, row))
        return record_page.show(self, form, None), 400

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Any:
        """Change a record."""
        row = self.requested()
        form = self.form_for(row)
        if request.method != "POST":
            return record_page.show(self, form, row)
        if form.validate():
            try:
                committed(lambda: self.update_model(form, row))
            except NotSavedError as error:
                show(form, error)
            else:
                flash(gettext("%(name)s is saved.", name=str(row)), "ok")
                return redirect(record_page.after_saving(self, row))
        return record_page.show(self, form, row), 400

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
        name = request.form["action"]
        texts = request.form.getlist("rowid")
        limit = self.site.settings.bulk_limit
        back = self.back(self.get_url(".index_view"))
        if len(texts) > limit:
            flash(gettext("Choose at most %(n)s rows.", n=limit), "danger")
            return redirect(back)
        rows = self.get_many(texts)
        if not rows:
            flash(gettext("Nothing was chosen."), "info")
            return redirect(back)
        if name == DELETE:
            return deletion.ask(self, rows)
        return self._run_action(self.actions[name], rows, back)

    @expose("/lookup/")
    def ajax_lookup(self) -> Any:
        """Records for a look-up field, for people who may view them."""
        fields = dict(self._record_form._unbound_fields or ())
        unbound = fields.get(request.args.get("field", ""))
        if unbound is None or unbound.field_class is not RelationField:
            abort(404)
        target = unbound.kwargs["target"]
        if not target.is_visible:
            refuse_forbidden(permission_name(target.model, "view"))
        rows = target.search(request.args.get("q", ""), MOST_FOUND)
        return {"results": [{"key": keys.encode(row), "name": str(row)} for row in rows]}

    # --- writing ------------------------------------------------------------------------------

    def form_for(self, row: Any) -> Any:
        """The form of a record, with only the fields that this request may write."""
        form = self._record_form(formdata=None, obj=row)
        form.keep(written_names(self.options, request, row))
        for name, field in form._fields.items():
            if isinstance(field, RelationField):
                field.lookup_url = self.get_url(".ajax_lookup", field=name)
        self.options.prepare(form, row)
        if request.method == "POST":
            form.process(request.form, obj=row)
        return form

    def create_model(self, form: Any) -> Any:
        """Make a record from a valid form, without committing."""
        row = self.options.construct(form)
        self.options.save_model(request, row, form, False)
        return row

    def update_model(self, form: Any, model: Any) -> Any:
        """Write a valid form into a record, without committing."""
        self.options.populate(form, model)
        self.options.save_model(request, model, form, True)
        return model

    def delete_model(self, model: Any) -> Any:
        """Delete a record, without committing."""
        self.options.delete_model(request, model)

    def _run_action(self, action: Action, rows: list[Any], back: str) -> Any:
        missing = [one for one in action.permissions if not rights_of(resolve()).has(one)]
        if missing:
            refuse_forbidden(missing[0])
        try:
            answer = committed(lambda: action.run(request, rows))
        except NotSavedError as error:
            flash(error.message, "danger")
            return redirect(back)
        if answer is not None and not isinstance(answer, str):
            return answer
        said = gettext("%(action)s: %(n)s done.", action=action.label, n=len(rows))
        flash(answer or said, "ok")
        return redirect(back)
