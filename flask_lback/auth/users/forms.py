"""``UserCreationForm`` with its ``Meta``: a form made of the columns of a user class."""

from __future__ import annotations

import datetime as dt
import functools
import inspect
from collections.abc import Mapping
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute
from wtforms import BooleanField, DateField, Field, FloatField, IntegerField, StringField
from wtforms.form import FormMeta
from wtforms.validators import Optional as MayBeEmpty

from ...core.state import current_state
from ...core.translation import gettext
from ...exceptions import ConfigError, InvalidFieldsError
from ...forms.base import at_most, required
from ..accounts import Accounts
from ..fields import again_field, email_field, password_field
from ..forms import AccountForm
from ..models import Models

_FIELDS: Mapping[type[Any], type[Field]] = {
    bool: BooleanField,
    int: IntegerField,
    float: FloatField,
    dt.date: DateField,
    str: StringField,
}
_ALL = "__all__"
#: What nobody fills in about themselves.
_NEVER = frozenset(
    {"password_hash", "is_staff", "is_superuser", "is_active", "email_verified_at", "last_seen_at"}
    | {"last_login_at", "date_joined", "username_canonical", "email_canonical"}
)


class _LateFormMeta(FormMeta):
    """Makes a form whose ``Meta.model`` is a function once the application is there to ask."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        form: Any = cls
        if _is_late(form):
            form = _for_model(form, form.Meta.model())
        return FormMeta.__call__(form, *args, **kwargs)


class UserCreationForm(AccountForm, metaclass=_LateFormMeta):
    """Make an account, with the password twice.

    ``class Meta`` names the ``fields``, and the ``model``: the user class, when the form should be
    checked where it is written, or ``get_user_model`` without brackets. Without a model username
    and address alone are known. Fields that the form declares itself are left as they are. It can
    be the form of the registration page (``LBACK_AUTH_FORMS = {"register": ...}``), or of a view of
    your own.

    :raises ConfigError: at the class, when ``Meta.fields`` names no column of ``Meta.model``, or
        one that nobody may fill in about themselves.
    """

    class Meta:
        model: ClassVar[Any] = None
        fields: ClassVar[Any] = ("username", "email")

    password = password_field(gettext("Password"), new=True)
    password_confirm = again_field("password")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in () if _is_late(cls) else _wanted(cls):
            if not hasattr(cls, name):
                setattr(cls, name, _field_of(cls, name))

    @property
    def cleaned_data(self) -> dict[str, Any]:
        """What was sent, without the CSRF token."""
        return {name: value for name, value in self.data.items() if name != "csrf_token"}

    def account_fields(self) -> dict[str, Any]:
        """What the account is made of."""
        return {name: self[name].data for name in _wanted(type(self)) if name in self}

    def validate(self, extra_validators: Any = None) -> bool:
        """Each field, then the names, and the password by the policy."""
        if not super().validate(extra_validators):
            return False
        if self.registers:
            return True
        accounts = current_state()[Accounts]
        try:
            fields = accounts.cleaned(self.account_fields())
        except InvalidFieldsError as error:
            self.add_errors(error.errors)
            return False
        errors = accounts.taken(fields)
        if complaints := accounts.complaints(self.instance(), self.password.data or ""):
            errors["password"] = complaints
        self.add_errors(errors)
        return not errors

    def instance(self) -> Any:
        """An account of what was sent, which is in no session."""
        return current_state()[Models].user_class(**self.account_fields())


def _is_late(form: Any) -> bool:
    """Whether the model can only be asked for inside an application."""
    model = form.Meta.model
    return callable(model) and not inspect.isclass(model)


@functools.cache
def _for_model(form: Any, model: type[Any]) -> Any:
    """The form for one user class: two applications of a process may have one each."""
    meta = type("Meta", (form.Meta,), {"model": model})
    body = {"Meta": meta, "__module__": form.__module__, "__qualname__": form.__qualname__}
    return type(form)(form.__name__, (form,), body)


def _wanted(form: type[UserCreationForm]) -> tuple[str, ...]:
    fields, model = form.Meta.fields, form.Meta.model
    if fields == _ALL:
        if model is None:
            raise ConfigError(
                f'{form.__name__}.Meta.fields is "__all__", and there is no Meta.model.',
                "Name the fields, or the model.",
            )
        return tuple(key for key in _columns(model) if key not in _NEVER)
    return tuple(fields)


def _columns(model: type[Any]) -> list[str]:
    mapper: Any = sa.inspect(model)
    keys = set(mapper.primary_key)
    return [one.key for one in mapper.column_attrs if not keys & set(one.columns)]


def _field_of(form: type[UserCreationForm], name: str) -> Any:
    model = form.Meta.model
    if name in _NEVER:
        raise ConfigError(
            f"{form.__name__} would let people fill in {name} about themselves.",
            f"Take {name!r} out of Meta.fields.",
        )
    if name == "email":
        return email_field()
    if name == "username" and model is None:
        return StringField(gettext("Username"), [required(), at_most(150)])
    column = getattr(model, name, None)
    if not isinstance(column, InstrumentedAttribute):
        shown = "no Meta.model says what it is" if model is None else "it is no column of the model"
        raise ConfigError(
            f"{form.__name__} has the field {name!r}, but {shown}.",
            f"Set Meta.model, or declare {name} = StringField(...) in the form.",
        )
    return _field_for(name, column)


def _field_for(name: str, attribute: Any) -> Any:
    column = attribute.property.columns[0]
    kind = _FIELDS.get(column.type.python_type)
    if kind is None:
        raise ConfigError(
            f"The column {name!r} has no form field of its own.",
            f"Declare {name} = ... in the form.",
        )
    label = gettext(name.replace("_", " ").capitalize())
    if kind is BooleanField:
        return kind(label)
    rules: list[Any] = [MayBeEmpty()] if column.nullable or column.default else [required()]
    if length := getattr(column.type, "length", None):
        rules.append(at_most(length))
    return kind(label, rules)
