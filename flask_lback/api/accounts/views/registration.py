"""Register, and confirm the address, as JSON."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from ....auth.managers import UserManager
from ....auth.registering import register as make_account
from ....auth.settings import AuthSettings
from ....auth.users.directory import Directory
from ....core.errors import Problem
from ....core.state import current_state
from ....core.translation import gettext
from ....exceptions import InvalidFieldsError, TokenError
from ....security.csrf import csrf_exempt
from ..forms import form_of_request, invalid
from .answers import account_document


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this module."""
    for rule, endpoint, view in (
        ("/register/", "register", register),
        ("/verify-email/", "verify_email", verify_email),
        ("/resend-verification/", "resend_verification", resend_verification),
    ):
        blueprint.add_url_rule(rule, endpoint, view, methods=["POST"])


@csrf_exempt
def register() -> ResponseReturnValue:
    """Make an account by the form of the page; a known address gets the same answer."""
    settings = current_state()[AuthSettings]
    if not settings.registration:
        raise Problem(404, "not_found", gettext("Nobody can register here."))
    form = form_of_request("register")
    try:
        user = make_account(form)
    except InvalidFieldsError as error:
        raise invalid(error.errors) from error
    if settings.verify_email and current_state()[Directory].has_email:
        detail = gettext("We have sent a link to the address. Open it to finish.")
    elif settings.generic_answers or user is None:
        detail = gettext("Your account is ready. Sign in.")
    else:
        return jsonify({"user": account_document(user)}), 201
    return jsonify({"detail": detail}), 202


@csrf_exempt
def verify_email() -> ResponseReturnValue:
    """Take the token of a verification link in."""
    form = form_of_request("verify_email")
    try:
        UserManager().verify_email(form.token.data)
    except TokenError as error:
        raise Problem(400, "invalid_token", error.message) from error
    return jsonify({"detail": gettext("Your address is confirmed. Sign in.")})


@csrf_exempt
def resend_verification() -> ResponseReturnValue:
    """Send the verification mail again; every address gets the same answer."""
    form = form_of_request("resend_verification")
    UserManager().resend_verification(form.email.data)
    detail = gettext("If the address waits to be confirmed, a new link is on its way.")
    return jsonify({"detail": detail}), 202
