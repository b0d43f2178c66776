"""`check --deploy` names what must not be so on a public server."""

from __future__ import annotations

from typing import Any

import pytest

from flask_lback.core.checks import Checks
from flask_lback.core.state import state_of
from tests.core.making import make_app

GOOD: dict[str, Any] = {
    "SESSION_COOKIE_SECURE": True,
    "TRUSTED_HOSTS": ["shop.example"],
    "LBACK_SECURITY_HSTS_SECONDS": 31_536_000,
}


def found(*, deploy: bool, **config: Any) -> list[str]:
    app = make_app("security", **{**GOOD, **config})
    return [finding.id for finding in state_of(app)[Checks].run(app, deploy=deploy)]


def test_a_closed_installation_has_no_finding() -> None:
    assert found(deploy=True) == []


@pytest.mark.parametrize(
    ("config", "finding"),
    [
        ({"SECRET_KEY": "short"}, "security.E001"),
        ({"DEBUG": True}, "security.E002"),
        ({"WTF_CSRF_ENABLED": False}, "security.E003"),
        ({"SESSION_COOKIE_SECURE": False}, "security.W002"),
        ({"TRUSTED_HOSTS": None}, "security.W003"),
        ({"LBACK_SECURITY_HSTS_SECONDS": 0}, "security.W004"),
        ({"LBACK_SECURITY_CSP_ENABLED": False}, "security.W005"),
    ],
)
def test_each_loosening_is_named_for_a_server_only(config: dict[str, Any], finding: str) -> None:
    assert finding in found(deploy=True, **config)
    assert finding not in found(deploy=False, **config)
