"""The three accounts that somebody who tries the site signs in with."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from flask_lback.auth import UserManager

from ..extensions import db, lback
from ..models import User
from ..roles import ADMINISTRATORS, MEMBERS, MODERATORS
from .corpus import words


@dataclass(frozen=True)
class Account:
    """One of the three, with the password of this run."""

    username: str
    password: str
    may: str


KINDS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("administrator", (MEMBERS, ADMINISTRATORS), "everything, with the administration"),
    ("moderator", (MEMBERS, MODERATORS), "moderate comments, change posts"),
    ("member", (MEMBERS,), "write, publish, comment"),
)


def make_password() -> str:
    """Four words and a number: easy to type, some 2**30 possibilities, and gone tomorrow."""
    dice = secrets.SystemRandom()
    return "-".join([*dice.sample(words()["password"], 4), str(dice.randrange(10, 100))])


def renew_accounts() -> list[Account]:
    """Make the three, or give them new passwords, and commit."""
    manager = UserManager()
    groups = {group.name: group for group in db.session.scalars(sa.select(lback.models.Group))}
    accounts = []
    for username, names, may in KINDS:
        account = Account(username, make_password(), may)
        user: User | None = manager.get_user(username)
        if user is None:
            user = _made(manager, account)
            user.groups = [groups[name] for name in names]
        else:
            manager.set_password(user, account.password)
        accounts.append(account)
    db.session.commit()
    return accounts


def _made(manager: UserManager, account: Account) -> User:
    chief = account.username == "administrator"
    user: User = manager.create_user(
        username=account.username,
        email=f"{account.username}@tidewater.example",
        first_name=account.username.capitalize(),
        password=account.password,
        verified=True,
        is_superuser=chief,
        is_staff=account.username != "member",
    )
    return user
