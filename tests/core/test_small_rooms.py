"""State, checks, the environment, names of pages, and errors of the package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from flask import Flask, render_template_string
from flask.cli import FlaskGroup

from flask_lback import ConfigError, Lback, LbackError
from flask_lback.core.checks import Check, Checks, Finding, Level
from flask_lback.core.settings import CoreSettings
from flask_lback.core.sources import environment, under_flask_command
from flask_lback.core.state import State, current_state, state_of
from flask_lback.core.translation import gettext
from flask_lback.exceptions import InvalidFieldsError, NotInstalledError
from tests.core.making import make_app, make_flask

# --- state ------------------------------------------------------------------------------------


class Kettle:
    pass


def test_an_object_is_found_by_its_type() -> None:
    state, kettle = State(), Kettle()
    assert state.add(kettle) is kettle
    assert state[Kettle] is state.get(Kettle) is kettle
    assert Kettle in state
    assert list(state) == [kettle]


def test_an_object_may_stand_for_another_type() -> None:
    state = State()
    state.add(3, object)
    assert state[object] == 3
    assert int not in state


def test_what_is_not_there_is_named_with_the_remedy() -> None:
    assert State().get(Kettle) is None
    with pytest.raises(NotInstalledError) as caught:
        State()[Kettle]
    assert str(caught.value) == (
        "This application has no Kettle. Add the feature that brings it to Lback(features=...)."
    )


def test_an_application_without_lback_is_named_with_the_remedy() -> None:
    with pytest.raises(NotInstalledError) as caught:
        state_of(Flask("shop"))
    assert str(caught.value) == (
        "Lback is not set up for the application 'shop'. "
        "Call Lback(app), or lback.init_app(app), first."
    )


def test_the_present_state_is_that_of_the_present_application() -> None:
    app = make_app()
    with app.app_context():
        assert current_state() is state_of(app)


# --- checks -----------------------------------------------------------------------------------


def find(app: Flask) -> Iterator[Finding]:
    yield Finding("tea.W001", Level.WARNING, "It is cold.", "Heat it.")
    yield Finding("tea.I001", Level.INFO, "It is green.")


def found(app: Flask, *, deploy: bool) -> list[str]:
    checks = state_of(app)[Checks]
    checks.add([Check(find, deploy=True)])
    return [one.id for one in checks.run(app, deploy=deploy)]


def test_a_deploy_check_runs_when_it_is_asked_for() -> None:
    assert found(make_app(), deploy=False) == []
    assert found(make_app(), deploy=True) == ["tea.W001", "tea.I001"]


def test_a_finding_can_be_silenced() -> None:
    app = make_app(LBACK_SILENCED_CHECKS=["tea.W001"])
    assert found(app, deploy=True) == ["tea.I001"]


def test_a_finding_as_json_has_words_only() -> None:
    assert next(find(make_app())).as_dict() == {
        "id": "tea.W001",
        "level": "WARNING",
        "message": "It is cold.",
        "hint": "Heat it.",
    }


def test_a_setting_of_a_feature_that_is_off_is_reported() -> None:
    app = make_app(LBACK_MAIL_BACKEND="console", LBACK_SITE_NAME="Tea")
    [finding] = state_of(app)[Checks].run(app)
    assert (finding.id, finding.level) == ("core.I001", Level.INFO)
    assert finding.message == "LBACK_MAIL_BACKEND is set, and its feature is off."


# --- environment ------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LBACK_ENV", raising=False)


def test_unset_the_environment_is_production_unless_a_person_is_at_work() -> None:
    assert environment(make_flask(TESTING=False)) == "production"
    assert environment(make_flask(TESTING=True)) == "local"
    assert environment(make_flask(TESTING=False, DEBUG=True)) == "local"


def test_the_configuration_wins_over_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LBACK_ENV", "staging")
    assert environment(make_flask()) == "staging"
    assert environment(make_flask(LBACK_ENV="development")) == "development"


def test_a_wrong_variable_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LBACK_ENV", "prod")
    with pytest.raises(ConfigError) as caught:
        make_app()
    assert str(caught.value) == (
        "The environment variable LBACK_ENV is 'prod'. "
        "Use one of local, development, staging, production."
    )


def test_the_flask_command_is_a_person_at_work() -> None:
    seen = []
    app = make_flask(TESTING=False)
    group = FlaskGroup(create_app=lambda: app)

    @group.command("look")
    def look() -> None:
        seen.append((under_flask_command(), environment(app)))

    assert group.main(["look"], standalone_mode=False) is None
    assert seen == [(True, "local")]
    with click.Context(click.Command("other")):
        assert not under_flask_command()


# --- pages ------------------------------------------------------------------------------------


def rendered(app: Flask, source: str) -> str:
    with app.test_request_context("/"):
        return render_template_string(source)


def test_the_name_of_the_site_is_the_application_s_unless_set() -> None:
    assert rendered(make_app(), "{{ site_name }}") == "Shop"
    assert rendered(make_app(LBACK_SITE_NAME="Tea & Co"), "{{ site_name }}") == "Tea &amp; Co"


def test_names_of_the_application_win_in_its_templates() -> None:
    app = make_flask()
    app.jinja_env.globals["_"] = lambda text: text.upper()
    app.context_processor(lambda: {"site_name": "mine"})
    Lback(app, features=())
    assert rendered(app, "{{ _('tea') }} {{ site_name }}") == "TEA mine"


def test_static_files_carry_a_version_that_changes_with_them() -> None:
    app = make_app()
    address = rendered(app, "{{ lback_static('app.css') }}")
    path, _, version = address.partition("?v=")
    assert path == "/lback/static/app.css"
    assert len(version) == 10
    assert address == rendered(app, "{{ lback_static('app.css') }}")
    assert version not in rendered(app, "{{ lback_static('app.js') }}")
    with app.test_client().get(address) as answer:
        assert answer.status_code == 200


def test_static_files_move_with_the_prefix() -> None:
    app = make_app(LBACK_URL_PREFIX="/lback")
    assert rendered(app, "{{ lback_static('app.css') }}").startswith("/lback/lback/static/")


def test_a_page_of_a_feature_that_is_off_has_no_address() -> None:
    app = make_app()
    app.add_url_rule("/tea/", "tea", lambda: "tea")
    source = "{{ lback_url('lback_auth.login') }} {{ lback_url('tea') }}"
    assert rendered(app, source) == "None /tea/"


def test_our_page_needs_no_accounts(tmp_path: Path) -> None:
    page = rendered(make_app("security"), '{% extends "lback/base.html" %}')
    assert "</html>" in page


# --- texts and errors -------------------------------------------------------------------------


def test_a_text_is_filled_only_when_there_is_something_to_fill_in() -> None:
    assert gettext("100 %") == "100 %"
    assert gettext("%(n)s cups", n=3) == "3 cups"


def test_an_error_says_cause_and_remedy() -> None:
    assert str(ConfigError("It is cold.", "Heat it.")) == "It is cold. Heat it."
    assert str(ConfigError("It is cold.")) == "It is cold."
    assert issubclass(ConfigError, LbackError)


def test_wrong_fields_are_listed() -> None:
    error = InvalidFieldsError({"name": ["Too short.", "Taken."], "email": ["Wrong."]})
    assert str(error) == "name: Too short., Taken.; email: Wrong."
    assert error.errors["email"] == ["Wrong."]


def test_the_settings_of_the_core_are_closed_by_default() -> None:
    settings = state_of(make_app())[CoreSettings]
    assert (settings.site_url, settings.middleware, settings.silenced_checks) == (None, None, ())
