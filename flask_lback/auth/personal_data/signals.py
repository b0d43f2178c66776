"""Signals: export and deletion of accounts."""

from __future__ import annotations

from ...core.signals import declare

_DELETIONS = "the Deletions"

personal_data_exported = declare(
    "personal_data_exported",
    "Somebody takes their data along.",
    sender="the Exports",
    user="the account",
)
account_deletion_requested = declare(
    "account_deletion_requested",
    "The owner of an account wants it deleted; every session has ended.",
    sender=_DELETIONS,
    user="the account",
    due_at="when it will be done",
)
account_deletion_cancelled = declare(
    "account_deletion_cancelled",
    "The owner of an account that was to be deleted has signed in: it stays.",
    sender=_DELETIONS,
    user="the account",
)
user_deletion_started = declare(
    "user_deletion_started",
    "An account is about to be deleted; its rows are still there.",
    sender=_DELETIONS,
    user_id="the key of the account",
)
user_deleted = declare(
    "user_deleted",
    "An account was deleted and that is committed; sent together with account_deleted, under "
    "Lback's name.",
    sender=_DELETIONS,
    user_id="the key that the account had",
    username="what it was called",
)
account_deleted = declare(
    "account_deleted",
    "An account was deleted and that is committed.",
    sender=_DELETIONS,
    user_id="the key that the account had",
    username="what it was called",
    label="what stands in place of its name from now on",
    is_anonymised="whether a row without its data had to stay",
)
user_deletion_failed = declare(
    "user_deletion_failed",
    "An account that was due could not be deleted; nothing of it has changed.",
    sender=_DELETIONS,
    user_id="the key of the account",
    error_type="the kind of error",
    exception="what was raised",
)
