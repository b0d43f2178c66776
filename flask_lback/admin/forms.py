"""Forms from models: Flask-Admin reads the columns, our fields draw them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from flask_admin.contrib.sqla.form import AdminModelConverter
from flask_admin.contrib.sqla.validators import Unique
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    EmailField,
    Field,
    FloatField,
    IntegerField,
    StringField,
    TextAreaField,
    TimeField,
    URLField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, ValidationError

from ..core.translation import gettext
from ..db.models import UTCDateTime
from ..forms.base import Form
from . import words
from .attributes import find
from .cells import NOTHING
from .columns import label_of
from .fields import (
    AnyNumber,
    JsonField,
    MomentField,
    RelationField,
    TriStateField,
    UuidField,
    WordField,
)
from .relations import Target

#: Texts without a length of their own end here.
_LONGEST_TEXT = 1_000_000
_BITS = {sa.SmallInteger: 15, sa.Integer: 31, sa.BigInteger: 63}


class RecordForm(Form):
    """The base of every form of a model.

    Its fields are reached by ``form["name"]``: a column may be called ``data`` or ``errors``.
    """

    class Meta:
        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Field:
            options["id"] = f"f-{options['name']}"
            return unbound_field.bind(form=form, **options)  # type: ignore[no-any-return]

    def __init__(self, *args: Any, obj: Any = None, **kwargs: Any) -> None:
        self._obj = obj  # what Flask-Admin's Unique compares with
        super().__init__(*args, obj=obj, **kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        if not (isinstance(value, Field) and hasattr(RecordForm, name)):
            super().__setattr__(name, value)

    def keep(self, names: Iterable[str]) -> None:
        """Forget every other field, whatever a request sends for it."""
        kept = {*names, "csrf_token"}
        for name in [name for name in self._fields if name not in kept]:
            self._fields.pop(name)


class Converter(AdminModelConverter):
    """Flask-Admin's reading of columns and relations, with plain widgets.

    :param view: the model view.
    :param limit: see the setting ``LBACK_ADMIN_CHOICE_LIMIT``.
    """

    def __init__(self, db: Any, view: Any, limit: int) -> None:
        super().__init__(db, view)
        self._limit = limit

    def form(
        self, model: type[Any], names: Iterable[Any], extra: Mapping[str, Any]
    ) -> type[RecordForm]:
        """A form class with these fields; names that have no field are left out."""
        mapper = sa.inspect(model)
        fields = dict(extra)
        for name in names:
            if name not in fields and name in mapper.attrs:
                made = self.convert(model, mapper, name, mapper.attrs[name], {}, False)
                if made is not None:
                    fields[name] = self._finished(model, name, made)
        kind: Any = type(f"{model.__name__}Form", (RecordForm,), {})
        kind._unbound_fields = list(fields.items())  # no attributes: see RecordForm
        return kind  # type: ignore[no-any-return]

    def get_converter(self, column: Any) -> Any:
        """How a column becomes a field: ours, else Flask-Admin's."""
        kind = getattr(column.type, "impl", column.type)
        for wanted, make in _MAKERS:
            if isinstance(kind, wanted):
                return make
        if isinstance(kind, sa.LargeBinary | sa.Interval):
            return None
        return super().get_converter(column)

    def _get_label(self, name: str, field_args: Any) -> str:
        path = find(self.view.model, name)
        return label_of(path) if path else words.label(name)

    def _get_description(self, name: str, field_args: Any) -> str | None:
        path = find(self.view.model, name)
        if path is None or path.is_relation:
            return getattr(path.prop, "doc", None) if path else None
        return path.column.doc  # type: ignore[no-any-return]

    def _model_select_field(
        self, prop: Any, multiple: Any, remote_model: type[Any], **kwargs: Any
    ) -> Any:
        blank = kwargs.pop("allow_blank")
        kwargs["validators"] = []
        return RelationField(
            target=Target(remote_model),
            multiple=bool(multiple),
            allow_blank=blank,
            limit=self._limit,
            **kwargs,
        )

    def _finished(self, model: type[Any], name: str, made: Any) -> Any:
        """Say in the house's words what is wrong with a value."""
        spoken = words.spoken(model.__name__)
        for rule in made.kwargs.get("validators", ()):
            if isinstance(rule, Unique):
                rule.message = gettext(
                    "Another %(model)s has this %(field)s.",
                    model=spoken,
                    field=words.label(name).lower(),
                )
            elif isinstance(rule, InputRequired | DataRequired):
                rule.message = gettext("Fill this in.")
            elif isinstance(rule, Length):
                rule.message = gettext("Use at most %(n)s characters.", n=rule.max)
        return made


def _no_nul(form: Any, field: Any) -> None:
    if isinstance(field.data, str) and "\x00" in field.data:
        raise ValidationError(gettext("This holds a character that cannot be stored."))


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _text(column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
    kind = getattr(column.type, "impl", column.type)
    length = getattr(kind, "length", None) or _LONGEST_TEXT
    rules = [*field_args.pop("validators"), Length(max=length), _no_nul]
    filters = [] if isinstance(kind, sa.Text) else [_stripped]
    if column.nullable:
        filters.append(lambda value: value or None)
    rules = [DataRequired() if isinstance(rule, InputRequired) else rule for rule in rules]
    field_args.pop("filters", None)
    made: Any = StringField
    if isinstance(kind, sa.Text):
        made = TextAreaField
        field_args["render_kw"] = {"rows": 6}
    elif "email" in column.key:
        made = EmailField
    elif column.key in ("url", "website", "homepage", "link"):
        made = URLField
    return made(validators=rules, filters=filters, **field_args)


def _boolean(column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
    field_args["validators"] = []
    if column.nullable:
        return TriStateField(**field_args)
    return BooleanField(render_kw={"role": "switch"}, **field_args)


def _words(column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
    values = words.enumerated(column.type)
    choices = [(word, words.label(word.lower())) for word in values]
    if column.nullable:
        choices.insert(0, ("", NOTHING))
    return WordField(choices=choices, values=values, **field_args)


def _integer(column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
    kind = getattr(column.type, "impl", column.type)
    bits = next((n for wanted, n in _BITS.items() if type(kind) is wanted), 63)
    field_args["validators"].append(
        NumberRange(-(2**bits), 2**bits - 1, gettext("This number is too large."))
    )
    return IntegerField(**field_args)


def _numeric(column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
    return DecimalField(places=None, widget=AnyNumber(), **field_args)


def _float(column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
    return FloatField(widget=AnyNumber(), **field_args)


def _moment(column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
    aware = isinstance(column.type, UTCDateTime) or getattr(column.type, "timezone", False)
    field_args["description"] = field_args.get("description") or gettext("In UTC.")
    return MomentField(aware=aware, **field_args)


def _day(column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
    return DateField(**field_args)


def _time(column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
    return TimeField(**field_args)


def _json(column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
    return JsonField(render_kw={"rows": 6, "class": "mono", "spellcheck": "false"}, **field_args)


def _uuid(column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
    return UuidField(**field_args)


#: Kinds of columns, narrow ones before the wide ones they derive from.
_MAKERS: tuple[tuple[Any, Any], ...] = (
    (sa.Boolean, _boolean),
    (sa.Enum, _words),
    (sa.Text, _text),
    (sa.String, _text),
    (sa.Integer, _integer),
    (sa.Float, _float),
    (sa.Numeric, _numeric),
    (sa.DateTime, _moment),
    (sa.Date, _day),
    (sa.Time, _time),
    (sa.JSON, _json),
    (sa.Uuid, _uuid),
)
