"""Settings of the database feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..core.settings import Settings, setting


@dataclass(frozen=True)
class DatabaseSettings(Settings):
    """``LBACK_DB_*``. Where the data is, is said by ``SQLALCHEMY_DATABASE_URI``."""

    prefix: ClassVar[str] = "LBACK_DB_"

    sqlite_foreign_keys: bool = setting(
        True, "Whether SQLite enforces foreign keys, as the other databases do."
    )
    migrations_folder: str = setting(
        "migrations", "Folder of the migrations, inside the application's `root_path`."
    )
