"""Cookies that say who somebody is: out of reach of scripts and of other sites."""

from __future__ import annotations

from flask import Flask, Response, after_this_request, current_app, g, request, session

COOKIE = "lback_session"
_HOST_PREFIX = "__Host-"
_CSRF = "csrf_token"


def session_cookie_name(app: Flask) -> str:
    """``lback_session``, with the ``__Host-`` prefix where cookies are for https only."""
    return _HOST_PREFIX + COOKIE if app.config["SESSION_COOKIE_SECURE"] else COOKIE


def send_cookie(name: str, value: str, age: int | None) -> None:
    """Set a cookie with this request's response.

    :param age: seconds that it lives; None for as long as the browser runs.
    """
    secure = _is_secure()

    @after_this_request
    def put(response: Response) -> Response:
        response.set_cookie(
            name, value, max_age=age, httponly=True, secure=secure, samesite="Lax", path="/"
        )
        return response


def drop_cookie(name: str) -> None:
    """Have the browser forget a cookie."""
    secure = _is_secure()

    @after_this_request
    def drop(response: Response) -> Response:
        response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="Lax")
        return response


def change_csrf_token() -> None:
    """Forms that were open before are refused; whatever follows in this request is not."""
    session.pop(_CSRF, None)
    g.pop(_CSRF, None)


def _is_secure() -> bool:
    return request.is_secure or bool(current_app.config["SESSION_COOKIE_SECURE"])
