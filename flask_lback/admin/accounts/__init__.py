"""Users, groups and permissions in the panel, and the log of what was done."""

from __future__ import annotations

from collections.abc import Mapping

from ..history.log import AuditEntryAdmin
from ..options import ModelAdmin
from .groups import GroupAdmin
from .permissions import PermissionAdmin
from .users import UserAdmin

#: What is shown of the accounts when the application declares nothing, by name of the model.
DEFAULTS: Mapping[str, type[ModelAdmin]] = {
    "User": UserAdmin,
    "Group": GroupAdmin,
    "Permission": PermissionAdmin,
    "AuditEntry": AuditEntryAdmin,
}
