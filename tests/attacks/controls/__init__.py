"""The controls of the accounts, and the attacks that each stops: a module for each group."""

from __future__ import annotations

from . import (
    csrf,
    given_passwords,
    panel,
    rbac,
    redirects,
    registration,
    reset,
    rights,
    sessions,
    sign_in,
    tokens,
)
from .control import Control

CONTROLS: tuple[Control, ...] = (
    *registration.CONTROLS,
    *sign_in.CONTROLS,
    *sessions.CONTROLS,
    *csrf.CONTROLS,
    *redirects.CONTROLS,
    *reset.CONTROLS,
    *tokens.CONTROLS,
    *panel.CONTROLS,
    *rbac.CONTROLS,
    *rights.CONTROLS,
    *given_passwords.CONTROLS,
)
