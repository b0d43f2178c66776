"""The middleware list: one order for everybody, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import (
    Flask,
    Response,
    abort,
    flash,
    get_flashed_messages,
    got_request_exception,
    session,
)
from flask import request as flask_request
from flask.sessions import SecureCookieSessionInterface

from flask_lback import ConfigError, Lback
from flask_lback.core.middleware import Middleware, MiddlewareMixin
from tests.core.flask32 import Flask32
from tests.core.making import make_flask

IN = ["A.req", "onion before", "B.req"]
OUT = ["ext.after", "B.resp", "onion after", "A.resp", "teardown"]


def mode_of(layer: str) -> str | None:
    """What the address asks a layer to do."""
    return flask_request.args.get(layer)


Note = Callable[[str], None]


def make_a(note: Note) -> Any:
    """A two-sided class on Lback's base."""

    class A(Middleware):
        def process_request(self, request: Any) -> None:
            note("A.req")

        def process_view(self, request: Any, view: Any, arguments: Any) -> Any:
            note("A.view")
            return "A answered" if mode_of("a") == "answer" else None

        def process_response(self, request: Any, response: Response) -> None:
            note("A.resp")
            response.headers["X-A"] = "yes"
            if mode_of("a") == "late":
                session["late"] = "kept"

    return A


def make_onion(note: Note) -> Any:
    """Django's function."""

    def onion(get_response: Callable[[Any], Response]) -> Callable[[Any], Any]:
        def call(request: Any) -> Any:
            note("onion before")
            if mode_of("onion") == "answer":
                flash("told by the onion")
                return "onion answered", 202
            response = get_response(request)
            note("onion after")
            if mode_of("onion") == "late":
                session["late"] = "kept"
            if mode_of("onion") == "raise":
                raise ZeroDivisionError
            return ("another text", 203) if mode_of("onion") == "replace" else response

        return call

    return onion


def make_b(note: Note) -> Any:
    """A two-sided class without a base."""

    class B:
        def process_request(self, request: Any) -> Any:
            note("B.req")
            if mode_of("b") == "abort":
                abort(403)
            if mode_of("b") == "raise":
                raise ZeroDivisionError
            if mode_of("b") != "answer":
                return None
            flash("told by B")
            return "B answered", 201

        def process_response(self, request: Any, response: Response) -> Any:
            note("B.resp")
            if mode_of("b") == "break":
                raise ZeroDivisionError
            return "text of B" if mode_of("b") == "text" else response

    return B


class Traced:
    """An application with these layers, and what happened, in order."""

    def __init__(self, kind: type[Flask], **config: Any) -> None:
        self.trace: list[str] = []
        note = self.trace.append
        layers = [make_a(note), make_onion(note), make_b(note)]
        self.app = make_flask(kind=kind, LBACK_MIDDLEWARE=layers, **config)
        Lback(self.app, features=())
        self.app.before_request(lambda: note("ext.before"))
        self.app.after_request(self._after)
        self.app.teardown_request(lambda error: note("teardown"))
        self.app.register_error_handler(403, lambda error: ("the application's 403", 403))
        self.app.add_url_rule("/", view_func=self._home)
        self.app.add_url_rule("/session/", view_func=self._session)
        self.client = self.app.test_client()

    def _home(self) -> str:
        self.trace.append("view")
        if mode_of("view") == "raise":
            raise ZeroDivisionError
        return "home"

    def _session(self) -> str:
        return f"{session.get('late')} {session.get('early')} {get_flashed_messages()}"

    def _after(self, response: Response) -> Response:
        self.trace.append("ext.after")
        return response

    def get(self, path: str) -> Any:
        self.trace.clear()
        return self.client.get(path)


@pytest.fixture(params=[Flask, Flask32], ids=["flask", "flask-3.2-shape"])
def kind(request: pytest.FixtureRequest) -> type[Flask]:
    found: type[Flask] = request.param
    return found


@pytest.fixture
def traced(kind: type[Flask]) -> Traced:
    """As on a server: an exception becomes the error page."""
    return Traced(kind, PROPAGATE_EXCEPTIONS=False)


# --- the order --------------------------------------------------------------------------------


def test_a_request_goes_down_the_list_and_its_response_up(traced: Traced) -> None:
    answer = traced.get("/")
    assert (answer.status_code, answer.text, answer.headers["X-A"]) == (200, "home", "yes")
    assert traced.trace == [*IN, "ext.before", "A.view", "view", *OUT]


def test_a_middleware_that_answers_spares_the_view_and_saves_the_session(traced: Traced) -> None:
    answer = traced.get("/?b=answer")
    assert (answer.status_code, answer.text, answer.headers["X-A"]) == (201, "B answered", "yes")
    assert traced.trace == [*IN, *OUT]
    assert "told by B" in traced.get("/session/").text


def test_an_onion_that_answers_spares_the_view_and_saves_the_session(traced: Traced) -> None:
    answer = traced.get("/?onion=answer")
    assert (answer.status_code, answer.text) == (202, "onion answered")
    assert traced.trace == ["A.req", "onion before", "ext.after", "A.resp", "teardown"]
    assert "told by the onion" in traced.get("/session/").text


def test_abort_in_a_middleware_shows_the_application_s_own_page(traced: Traced) -> None:
    answer = traced.get("/?b=abort")
    assert (answer.status_code, answer.text) == (403, "the application's 403")
    assert answer.headers["X-A"] == "yes"
    assert traced.trace == [*IN, *OUT]


def test_an_exception_in_a_middleware_becomes_the_error_page(traced: Traced) -> None:
    answer = traced.get("/?b=raise")
    assert (answer.status_code, answer.headers["X-A"]) == (500, "yes")
    assert traced.trace == [*IN, *OUT]


def test_an_exception_in_the_view_becomes_the_error_page(traced: Traced) -> None:
    answer = traced.get("/?view=raise")
    assert (answer.status_code, answer.headers["X-A"]) == (500, "yes")
    assert traced.trace == [*IN, "ext.before", "A.view", "view", *OUT]


@pytest.mark.parametrize("query", ["b=break", "onion=raise"])
def test_an_exception_on_the_way_out_becomes_the_error_page(traced: Traced, query: str) -> None:
    answer = traced.get(f"/?{query}")
    assert (answer.status_code, answer.headers["X-A"]) == (500, "yes")
    assert "home" not in answer.text.splitlines()


def test_a_page_that_is_not_there_passes_the_list_without_process_view(traced: Traced) -> None:
    answer = traced.get("/nothing/")
    assert (answer.status_code, answer.headers["X-A"]) == (404, "yes")
    assert traced.trace == [*IN, "ext.before", *OUT]


def test_static_files_pass_the_list(traced: Traced) -> None:
    answer = traced.get("/lback/static/app.css")
    assert (answer.status_code, answer.headers["X-A"]) == (200, "yes")
    assert traced.trace == [*IN, "ext.before", "A.view", *OUT]
    answer.close()


def test_process_view_may_answer_instead_of_the_view(traced: Traced) -> None:
    assert traced.get("/?a=answer").text == "A answered"
    assert traced.trace == [*IN, "ext.before", "A.view", *OUT]


def test_a_text_instead_of_the_response_is_made_one(traced: Traced) -> None:
    assert traced.get("/?b=text").text == "text of B"
    answer = traced.get("/?onion=replace")
    assert (answer.status_code, answer.text, answer.headers["X-A"]) == (203, "another text", "yes")


def test_process_view_runs_from_the_outside_in_until_one_answers(kind: type[Flask]) -> None:
    seen: list[str] = []

    class First(Middleware):
        def process_view(self, request: Any, view: Any, arguments: Any) -> None:
            seen.append(f"first {view.__name__} {dict(arguments)}")

    class Second(Middleware):
        def process_view(self, request: Any, view: Any, arguments: Any) -> Any:
            seen.append("second")
            return "answered"

    class Third(Middleware):
        def process_view(self, request: Any, view: Any, arguments: Any) -> None:
            seen.append("third")

    app = make_flask(kind=kind, LBACK_MIDDLEWARE=[First, Second, Third])
    Lback(app, features=())

    @app.get("/tea/<int:cups>/")
    def tea(cups: int) -> str:
        raise AssertionError

    assert app.test_client().get("/tea/3/").text == "answered"
    assert seen == ["first tea {'cups': 3}", "second"]


def test_process_view_survives_an_extension_that_takes_the_dispatch(traced: Traced) -> None:
    inner: Any = traced.app.dispatch_request
    traced.app.dispatch_request = lambda *args: inner(*args)  # type: ignore[method-assign]
    traced.get("/")
    assert "A.view" in traced.trace


def test_an_answer_of_before_request_spares_process_view_and_view(traced: Traced) -> None:
    traced.app.before_request_funcs[None].append(lambda: "closed today")
    assert traced.get("/").text == "closed today"
    assert traced.trace == [*IN, "ext.before", *OUT]


@pytest.mark.parametrize("query", ["b=raise", "view=raise", "onion=raise"])
def test_a_test_sees_the_exception_and_it_is_reported_once(kind: type[Flask], query: str) -> None:
    traced = Traced(kind)
    reported = []

    def report(sender: Flask, exception: Exception) -> None:
        reported.append(exception)

    with got_request_exception.connected_to(report, traced.app), pytest.raises(ZeroDivisionError):
        traced.get(f"/?{query}")
    assert len(reported) == 1


def test_an_error_of_an_after_request_function_still_gives_a_page(traced: Traced) -> None:
    def broken(response: Response) -> Response:
        raise ZeroDivisionError

    traced.app.after_request_funcs[None].append(broken)
    for query in ("", "?b=answer", "?b=abort", "?b=raise"):
        assert traced.get(f"/{query}").status_code == 500, query


# --- the session ------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["onion=late", "a=late"])
def test_what_a_layer_puts_into_the_session_on_the_way_out_is_kept(
    traced: Traced, query: str
) -> None:
    answer = traced.get(f"/?{query}")
    assert len(answer.headers.getlist("Set-Cookie")) == 1
    assert answer.headers["Vary"] == "Cookie"
    assert traced.get("/session/").text.startswith("kept ")


def test_a_late_change_adds_to_what_the_view_has_put_there(traced: Traced) -> None:
    @traced.app.get("/early/")
    def early() -> Response:
        session["early"] = "too"
        response = Response("early")
        response.set_cookie("other", "1")
        return response

    answer = traced.get("/early/?a=late")
    names = [line.partition("=")[0] for line in answer.headers.getlist("Set-Cookie")]
    assert sorted(names) == ["other", "session"]
    assert traced.get("/session/").text.startswith("kept too")


def test_a_page_that_touches_no_session_says_nothing_about_cookies(traced: Traced) -> None:
    answer = traced.get("/")
    assert "Vary" not in answer.headers
    assert "Set-Cookie" not in answer.headers


class CountedSaves(SecureCookieSessionInterface):
    """Flask's own interface; counts."""

    saves = 0

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        self.saves += 1
        super().save_session(app, session, response)


@pytest.mark.parametrize(("query", "saves"), [("", 1), ("?a=late", 2), ("?b=answer", 1)])
def test_the_session_is_saved_again_only_when_it_was_changed_late(
    traced: Traced, query: str, saves: int
) -> None:
    traced.app.session_interface = interface = CountedSaves()
    traced.app.before_request(lambda: session.update(early="too"))
    traced.get(f"/{query}")
    assert interface.saves == saves


def test_without_a_secret_key_nothing_is_saved(kind: type[Flask]) -> None:
    traced = Traced(kind, SECRET_KEY=None)
    assert traced.get("/").status_code == 200


# --- process_exception ------------------------------------------------------------------------


def with_exception_hooks(kind: type[Flask], answer: Any) -> tuple[Flask, list[str]]:
    """An application whose two layers watch exceptions; the inner one may answer."""
    seen: list[str] = []

    class Outer(Middleware):
        def process_exception(self, request: Any, error: Exception) -> Any:
            seen.append(f"outer {type(error).__name__}")

    class Inner(MiddlewareMixin):
        def process_exception(self, request: Any, error: Exception) -> Any:
            seen.append(f"inner {type(error).__name__}")
            return answer

    app = make_flask(kind=kind, LBACK_MIDDLEWARE=[Outer, Inner], PROPAGATE_EXCEPTIONS=False)
    Lback(app, features=())

    @app.get("/broken/")
    def broken() -> str:
        raise ZeroDivisionError

    return app, seen


def test_process_exception_runs_from_the_inside_out(kind: type[Flask]) -> None:
    app, seen = with_exception_hooks(kind, None)
    assert app.test_client().get("/broken/").status_code == 500
    assert seen == ["inner ZeroDivisionError", "outer ZeroDivisionError"]


def test_process_exception_sees_once_what_a_test_sees(kind: type[Flask]) -> None:
    app, seen = with_exception_hooks(kind, None)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(ZeroDivisionError):
        app.test_client().get("/broken/")
    assert seen == ["inner ZeroDivisionError", "outer ZeroDivisionError"]


def test_process_exception_sees_a_missing_page(kind: type[Flask]) -> None:
    app, seen = with_exception_hooks(kind, None)
    assert app.test_client().get("/nothing/").status_code == 404
    assert seen == ["inner NotFound", "outer NotFound"]


def test_process_exception_may_answer(kind: type[Flask]) -> None:
    app, seen = with_exception_hooks(kind, ("mended", 200))
    assert app.test_client().get("/broken/").text == "mended"
    assert seen == ["inner ZeroDivisionError"]


# --- the three styles, and what they are given ------------------------------------------------


class Stamp:
    """Says on the response what it was made with."""

    def __init__(self, app: Flask, word: str = "none", config: Any = None) -> None:
        self.text = f"{app.name} {word} {config['LIMIT']}"

    def process_response(self, request: Any, response: Response) -> None:
        response.headers["X-Stamp"] = self.text


class DjangoStamp(MiddlewareMixin):
    def process_request(self, request: Any) -> Any:
        return ("closed", 503) if flask_request.args.get("closed") else None

    def process_response(self, request: Any, response: Response) -> Response:
        response.headers["X-Stamp"] = "django"
        return response


def stamp_function(get_response: Any, word: str = "function") -> Any:
    def call(request: Any) -> Response:
        response: Response = get_response(request)
        response.headers["X-Stamp"] = word
        return response

    return call


class Nothing:
    """Neither side: costs nothing and harms nothing."""


def with_list(*entries: Any) -> Flask:
    app = make_flask(LBACK_MIDDLEWARE=list(entries), LIMIT=3)
    Lback(app, features=())
    app.add_url_rule("/", view_func=lambda: "home")
    return app


@pytest.mark.parametrize(
    ("entry", "stamp"),
    [
        (Stamp, "shop none 3"),
        ("tests.core.test_middleware.Stamp", "shop none 3"),
        ("tests.core.test_middleware:Stamp", "shop none 3"),
        ((Stamp, {"word": "x"}), "shop x 3"),
        (["tests.core.test_middleware.Stamp", {"word": "x"}], "shop x 3"),
        ({"class": "tests.core.test_middleware.Stamp"}, "shop none 3"),
        ({"class": Stamp, "params": {"word": "x", "config": {"LIMIT": 9}}}, "shop x 9"),
        (DjangoStamp, "django"),
        (stamp_function, "function"),
        ((stamp_function, {"word": "y"}), "y"),
        (Nothing, None),
    ],
)
def test_an_entry_may_be_written_in_every_documented_way(entry: Any, stamp: str | None) -> None:
    answer = with_list(entry).test_client().get("/")
    assert (answer.status_code, answer.headers.get("X-Stamp")) == (200, stamp)


def test_django_s_mixin_may_answer_by_itself() -> None:
    answer = with_list(DjangoStamp).test_client().get("/?closed=1")
    assert (answer.status_code, answer.text) == (503, "closed")


def test_an_empty_list_leaves_the_page_as_it_is() -> None:
    assert with_list().test_client().get("/").text == "home"


def needs_more(get_response: Any, size: int) -> Any:
    return get_response


FORMS = 'Use a dotted path, a class, (path, {params}) or {"class": path, "params": {}}.'


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            "nowhere.at.All",
            "The middleware 'nowhere.at.All' cannot be imported: import_string() failed for",
        ),
        ("flask.Nothing", "The middleware 'flask.Nothing' cannot be imported: "),
        (3, f"The middleware entry 3 is neither a class nor a function. {FORMS}"),
        ({"params": {}}, f"The middleware entry None is neither a class nor a function. {FORMS}"),
        ((Stamp,), "is not a pair. Use a dotted path"),
        ({"class": Stamp, "parms": {}}, "has an unknown key. Use a dotted path"),
        ((Stamp, "word"), "are 'word'. Use a dotted path"),
        ((Stamp, {"wrod": 1}), "Stamp takes no parameter 'wrod'. It takes: app, config, word."),
        ((Nothing, {"x": 1}), "Nothing takes no parameter 'x'. It takes: none."),
        (
            needs_more,
            "Nothing provides the parameter 'size' of needs_more. Give it in the entry's params, "
            "or annotate it with a type of Lback's.",
        ),
    ],
)
def test_an_entry_that_cannot_be_used_stops_the_start(entry: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_list(Stamp, entry)
    assert message in str(caught.value)
