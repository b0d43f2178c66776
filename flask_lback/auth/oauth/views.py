"""Pages: sign in with other sites."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ...core.redirects import is_safe_redirect, safe_redirect_target
from ...core.state import current_state
from ...core.translation import gettext
from ...limits.service import RateLimits, caller
from ...mail.links import external_url
from ..current import current_user, present_login, resolve
from ..freshness import ask_again, is_fresh, personal_login, personal_login_required
from ..views.entering import enter
from ..views.page import show
from . import flows
from .client import ProviderClient
from .flows import Flow
from .refusals import AwaitsConfirmation, ProviderError, Refusal, sentence
from .service import OAuthAccounts
from .settings import OAuthSettings

#: A state works once, on every worker that shares the counts: a copy of the cookie that holds it
#: is worth nothing afterwards. Longer than a flow lives.
_ONCE = "1 per 20 minutes"


def add_routes(blueprint: Blueprint) -> None:
    """The routes of this part; 404 without providers."""
    own = personal_login_required
    for path, endpoint, view, methods in (
        ("oauth/<provider>/", "oauth_login", start, ["GET", "POST"]),
        ("oauth/<provider>/callback/", "oauth_callback", callback, ["GET"]),
        ("connections/", "connections", own(connections), ["GET"]),
        ("connections/<provider>/link/", "link_connection", own(link), ["POST"]),
        ("connections/<int:key>/unlink/", "unlink_connection", own(unlink), ["POST"]),
    ):
        blueprint.add_url_rule(f"/{path}", endpoint, view, methods=methods)


def start(provider: str) -> ResponseReturnValue:
    """Send somebody to a provider, by POST: no other site can start a sign-in here.

    GET, from a link, leads to the sign-in page, which has the button.
    """
    client = _client(provider)
    target = safe_redirect_target("")
    if request.method != "POST":
        return redirect(url_for("lback_auth.login", next=target or None))
    if resolve().is_authenticated:
        flash(sentence("already_signed_in", client.label), "info")
        return redirect(url_for("lback_auth.connections"))
    return _send(client, flows.new_flow(client.name, flows.LOGIN, target=target))


def callback(provider: str) -> ResponseReturnValue:
    """Take in whoever comes back from a provider."""
    client = _client(provider)
    if request.method != "GET":
        abort(405)  # a HEAD would use the state up
    _count("oauth-callback")
    try:
        flow = _claim(client)
        answer = {name: values[0] for name, values in request.args.lists() if len(values) == 1}
        identity = client.identify(answer, flow, _callback_url(client))
        finish = _linked if flow.purpose == flows.LINK else _signed_in
        return finish(client, flow, identity)
    except AwaitsConfirmation:
        return show(
            "check_mail",
            has_token=True,
            title=gettext("Open your mail"),
            message=gettext("We have sent a link to the address. Open it to finish."),
            hint=gettext("It may take a minute. Look among the spam, too."),
            resend_url=url_for("lback_auth.resend_verification"),
        )
    except Refusal as error:
        return _refused(client, error)


def connections() -> ResponseReturnValue:
    """What opens one's account, and what could."""
    service = _service()
    rows = service.of(resolve())
    return show(
        "connections",
        connections=[
            {"row": row, "label": _label(service, row.provider), "id": row.id} for row in rows
        ],
        providers=[
            {"name": client.name, "label": client.label} for client in service.clients.values()
        ],
        only_way=service.is_only_way(resolve(), rows),
        fresh=is_fresh(),
    )


def link(provider: str) -> ResponseReturnValue:
    """Send somebody who is signed in to a provider, to link what they have there."""
    client = _client(provider)
    if not is_fresh():
        return _ask_again()
    login = personal_login().session_id
    return _send(client, flows.new_flow(client.name, flows.LINK, login=login))


def unlink(key: int) -> ResponseReturnValue:
    """Take an identity away from one's account."""
    service = _service()
    if not is_fresh():
        return _ask_again()
    user = current_user._get_current_object()
    labels = {row.id: _label(service, row.provider) for row in service.of(user)}
    if key not in labels:
        abort(404)
    try:
        service.unlink(user, key)
    except Refusal as error:
        flash(sentence(error.reason, labels[key]), "danger")
    else:
        flash(gettext("%(provider)s is unlinked.", provider=labels[key]), "ok")
    return _to_connections()


def _send(client: ProviderClient, flow: Flow) -> ResponseReturnValue:
    """A page that leads on, and no redirect: ``form-action 'self'`` would stop that in Chromium."""
    _count("oauth-start")
    try:
        url = client.authorize_url(flow, _callback_url(client))
    except ProviderError as error:
        return _refused(client, error)
    flows.keep(flow)
    response = show(
        "message",
        title=gettext("On to %(provider)s", provider=client.label),
        message=gettext("You come back here by yourself."),
        action_url=url,
        action_label=gettext("Continue to %(provider)s", provider=client.label),
    )
    response.headers["Refresh"] = f"0; url={url}"
    return response


def _claim(client: ProviderClient) -> Flow:
    states = request.args.getlist("state")
    if len(states) != 1:
        raise Refusal("invalid_state")
    flow = flows.claim(client.name, states[0])
    if not current_state()[RateLimits].allows(_ONCE, "oauth-state", flow.state):
        raise Refusal("invalid_state")
    return flow


def _signed_in(client: ProviderClient, flow: Flow, identity: Any) -> ResponseReturnValue:
    service = _service()
    user = service.known(client.name, identity)
    if user is None:
        if resolve().is_authenticated:
            raise Refusal("already_signed_in")
        user = service.register(client, identity)
    # The sign-in page leads on to where it does without a `next`.
    target = flow.target if is_safe_redirect(flow.target) else url_for("lback_auth.login")
    return enter(user, method=f"oauth:{client.name}", target=target)


def _linked(client: ProviderClient, flow: Flow, identity: Any) -> ResponseReturnValue:
    """The login that has started it was fresh then, and has to be the present one still."""
    login = present_login()
    if login is None or flow.login is None or login.session_id != flow.login:
        raise Refusal("invalid_state")
    _service().link(current_user._get_current_object(), client, identity)
    flash(gettext("%(provider)s is linked.", provider=client.label), "ok")
    return _to_connections()


def _refused(client: ProviderClient, error: Refusal) -> Response:
    """Tell in our own words; those of the provider are for the log alone."""
    _service().refuse(client, error.reason)
    if isinstance(error, ProviderError) and error.reason != "access_denied":
        status = 502
        current_app.logger.warning(
            "The provider %s could not be used: %s, %r", client.name, error.reason, error.__cause__
        )
    else:
        status = 400 if error.reason in ("invalid_state", "access_denied") else 403
    is_in = resolve().is_authenticated
    page = "lback_auth.connections" if is_in else "lback_auth.login"
    return show(
        "message",
        status,
        has_token=True,
        title=gettext("Not linked") if is_in else gettext("Not signed in"),
        message=sentence(error.reason, client.label),
        kind="warn",
        action_url=url_for(page),
        action_label=gettext("Back to your account") if is_in else gettext("Sign in"),
    )


def _service() -> OAuthAccounts:
    service = current_state().get(OAuthAccounts)
    if service is None:
        abort(404)
    return service


def _client(provider: str) -> ProviderClient:
    client = _service().clients.get(provider)
    if client is None:
        abort(404)
    return client


def _label(service: OAuthAccounts, provider: str) -> str:
    """Of a provider that is configured no more, its name."""
    client = service.clients.get(provider)
    return provider if client is None else client.label


def _callback_url(client: ProviderClient) -> str:
    return external_url("lback_auth.oauth_callback", provider=client.name)


def _count(what: str) -> None:
    limit = current_state()[OAuthSettings].attempts_per_address
    current_state()[RateLimits].hit(limit, what, caller())


def _ask_again() -> ResponseReturnValue:
    """A proof, then the list, where the button is: a POST cannot be come back to."""
    ask_again()
    return redirect(url_for("lback_auth.reauthenticate", next=url_for("lback_auth.connections")))


def _to_connections() -> ResponseReturnValue:
    return redirect(url_for("lback_auth.connections"))
