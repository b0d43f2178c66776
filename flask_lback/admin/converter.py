"""From columns and relations to form fields: Flask-Admin reads them, our fields draw them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_admin.contrib.sqla.form import AdminModelConverter
from flask_admin.contrib.sqla.validators import Unique
from sqlalchemy.orm import ColumnProperty, RelationshipProperty
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    EmailField,
    FloatField,
    IntegerField,
    StringField,
    TimeField,
    URLField,
)
from wtforms.fields.core import UnboundField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, ValidationError

from ..core.translation import gettext
from ..db.models import UTCDateTime
from . import words
from .attributes import find
from .base import BaseModelAdmin
from .cells import NOTHING
from .columns import label_of
from .fields import (
    AnyNumber,
    JsonField,
    LongTextField,
    MomentField,
    TriStateField,
    UuidField,
    WordField,
)
from .forms import RecordForm
from .relation_field import RelationField
from .relations import Target

#: Texts without a length of their own end here.
_LONGEST_TEXT = 1_000_000
#: A decimal number with more of them, before the point or behind, is refused.
_MOST_DIGITS = 1_000
_MAPPED = (ColumnProperty, RelationshipProperty)
_BITS = {sa.SmallInteger: 15, sa.Integer: 31, sa.BigInteger: 63}


@dataclass(frozen=True)
class _Read:
    """What Flask-Admin's converter asks a view for."""

    model: type[Any]
    form_columns: tuple[str, ...]


class OtherUnique:
    """No other record has this value; one that stays what it was needs no question."""

    field_flags: Mapping[str, Any] = {}

    def __init__(self, rule: Unique, key: str, message: str) -> None:
        rule.message = message
        self._rule = rule
        self._key = key

    def __call__(self, form: Any, field: Any) -> None:
        present = form._obj
        if present is None or getattr(present, self._key) != field.data:
            self._rule(form, field)


class Converter(AdminModelConverter):
    """Flask-Admin's reading of columns and relations, with plain widgets.

    :param admin: whose model is read, and whose options count.
    :param limit: see the setting ``LBACK_ADMIN_CHOICE_LIMIT``.
    """

    def __init__(self, db: Any, admin: BaseModelAdmin, limit: int) -> None:
        super().__init__(db, _Read(admin.model, ()))  # type: ignore[arg-type]
        self._admin = admin
        self._limit = limit

    def form(self, names: Iterable[str], given: type[Any] | None = None) -> type[RecordForm]:
        """A form class with these fields; names that have no field are left out.

        :param given: a form of the application, whose fields and ``validate_<field>`` methods
            stand in for ours. What has no field here gets none by it.
        """
        admin, model = self._admin, self._admin.model
        names = tuple(names)
        self.view: Any = _Read(model, names)
        mapper = sa.inspect(model)
        fields = dict(admin.extra_fields())
        for name in names:
            if name not in fields and isinstance(mapper.attrs.get(name), _MAPPED):
                made = self.convert(model, mapper, name, mapper.attrs[name], {}, False)
                if made is not None:
                    made = admin.formfield(name, self._finished(name, made))
                if made is not None:
                    own = getattr(given, name, None)
                    fields[name] = own if isinstance(own, UnboundField) else made
        extra = frozenset(admin.extra_fields())
        kind: Any = type(
            f"{model.__name__}Form", (RecordForm,), {**_rules(given, fields), "extra": extra}
        )
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
            always_lookup=prop.key in self._admin.autocomplete_fields,
            is_narrowed=prop.key in self._admin.narrowed_fields(),
            **kwargs,
        )

    def _finished(self, name: str, made: Any) -> Any:
        """Say in the house's words what is wrong with a value."""
        rules = made.kwargs.get("validators", [])
        for at, rule in enumerate(rules):
            if isinstance(rule, Unique):
                rules[at] = OtherUnique(rule, name, self._taken(name))
            elif isinstance(rule, InputRequired | DataRequired):
                rule.message = gettext("Fill this in.")
            elif isinstance(rule, Length):
                rule.message = gettext("Use at most %(n)s characters.", n=rule.max)
        return made

    def _taken(self, name: str) -> str:
        field = words.label(name).lower()
        model = self._admin.verbose_name or words.spoken(self._admin.model.__name__)
        if sources := self._admin.prepopulated_fields.get(name):
            return gettext(
                "Another %(model)s has this %(field)s. Change it, or empty the field to make one "
                "from the %(source)s.",
                model=model,
                field=field,
                source=", ".join(words.label(one).lower() for one in sources),
            )
        return gettext("Another %(model)s has this %(field)s.", model=model, field=field)


def _rules(given: type[Any] | None, names: Iterable[str]) -> dict[str, Any]:
    """The ``validate_<field>`` methods of a form, for these fields."""
    found = {f"validate_{name}": getattr(given, f"validate_{name}", None) for name in names}
    return {name: method for name, method in found.items() if method is not None}


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
        made = LongTextField
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


class _WholeRange(NumberRange):
    """Compares whole numbers as such: WTForms' own makes a float of each, of any length."""

    def __init__(self, bits: int) -> None:
        self._reach = range(-(2**bits), 2**bits)
        super().__init__(self._reach.start, self._reach.stop - 1)

    def __call__(self, form: Any, field: Any) -> None:
        if isinstance(field.data, int) and field.data not in self._reach:
            raise ValidationError(gettext("This number is too large."))


def _integer(column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
    kind = getattr(column.type, "impl", column.type)
    bits = next((n for wanted, n in _BITS.items() if type(kind) is wanted), 63)
    field_args["validators"].append(_WholeRange(bits))
    return IntegerField(**field_args)


def _no_giant(form: Any, field: Any) -> None:
    """A few characters can stand for more digits than there is memory: ``1e999999999``."""
    value = field.data
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) > _MOST_DIGITS:
        raise ValidationError(gettext("This number is too large."))


def _numeric(column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
    field_args["validators"].append(_no_giant)
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
