"""Forms say beside each field what has to change."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from wtforms import StringField

from flask_lback.forms.base import Form, at_most, required
from tests.core.making import make_app


class TeaForm(Form):
    kind = StringField("Kind", [required(), at_most(5)])
    note = StringField("Note", [at_most(3)])


@pytest.fixture
def app() -> Flask:
    return make_app("security", WTF_CSRF_ENABLED=False)


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        ({"kind": "green"}, {}),
        ({"kind": "black", "note": "hot"}, {}),
        ({}, {"kind": ["Fill this in."]}),
        ({"kind": ""}, {"kind": ["Fill this in."]}),
        (
            {"kind": "oolong", "note": "cold"},
            {"kind": ["Use at most 5 characters."], "note": ["Use at most 3 characters."]},
        ),
    ],
)
def test_fields_are_checked(app: Flask, data: dict[str, str], errors: dict[str, Any]) -> None:
    with app.test_request_context("/", method="POST", data=data):
        form = TeaForm()
        assert form.validate_on_submit() is not bool(errors)
        assert form.errors == errors


def test_later_errors_stand_beside_their_fields_or_above_the_form(app: Flask) -> None:
    with app.test_request_context("/", method="POST", data={"kind": "oolong"}):
        form = TeaForm()
        form.validate_on_submit()
        form.add_errors({"kind": ["We have none."], "cup": ["It is broken.", "It leaks."]})
        assert list(form.kind.errors) == ["Use at most 5 characters.", "We have none."]
        assert form.form_errors == ["It is broken.", "It leaks."]


def test_errors_of_one_form_are_not_those_of_another(app: Flask) -> None:
    with app.test_request_context("/", method="POST", data={"kind": "green"}):
        TeaForm().add_errors({"kind": ["We have none."], "cup": ["It is broken."]})
        other = TeaForm()
        assert other.validate_on_submit()
        assert other.errors == {}


def test_a_form_carries_the_token() -> None:
    app = make_app("security")
    with app.test_request_context("/", method="POST", data={"kind": "green"}):
        form = TeaForm()
        assert not form.validate_on_submit()
        assert form.errors == {"csrf_token": ["The CSRF token is missing."]}
        assert 'name="csrf_token" type="hidden"' in str(form.hidden_tag())
