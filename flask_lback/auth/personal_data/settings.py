"""Settings: export and deletion of accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ...core.settings import Settings, setting
from ..throttle.settings import one_limit


@dataclass(frozen=True)
class PersonalDataSettings(Settings):
    """``LBACK_AUTH_PERSONAL_DATA_*``: export and deletion of accounts."""

    prefix: ClassVar[str] = "LBACK_AUTH_PERSONAL_DATA_"

    enabled: bool = setting(True, "Whether people may export their data and delete their account.")
    grace_days: int = setting(
        14,
        "Days between the wish to be deleted and the deletion; signing in meanwhile keeps the "
        "account. 0 deletes at once.",
        minimum=0,
    )
    eraser: Any = setting(  # noqa: RUF009 - the default is None
        None,
        "A function, or its dotted path, that is given each account just before it is deleted, in "
        "the same transaction, to delete or hand over what the application keeps of it.",
    )
    keep_audit_names: bool = setting(
        False, "Whether the audit log goes on naming accounts that are deleted."
    )
    export_limit: str = one_limit("3 per hour", "Exports of one account.")
