"""Which services are there.

A test whose service is missing skips and says why; with ``LBACK_REQUIRE_SERVICES=1`` it fails.
``python -m tests.support.services`` prints the state of each and exits with 1 if one is missing.
"""

from __future__ import annotations

import functools
import os
import shutil
import socket
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Literal, NoReturn, get_args
from urllib.parse import urlsplit

import pytest
from sqlalchemy import NullPool, create_engine, text

Service = Literal["postgresql", "mariadb", "redis", "rabbitmq", "chromium", "axe-core"]

ROOT = Path(__file__).resolve().parents[2]
AXE_CORE = ROOT / "theme" / "node_modules" / "axe-core" / "axe.min.js"

_PROBE_SECONDS = 3

_URLS: dict[str, tuple[str, str]] = {
    "postgresql": (
        "LBACK_TEST_POSTGRESQL_URL",
        "postgresql+psycopg://postgres@127.0.0.1:5432/postgres",
    ),
    "mariadb": ("LBACK_TEST_MARIADB_URL", "mysql+pymysql://root@127.0.0.1:3306/"),
    "redis": ("LBACK_TEST_REDIS_URL", "redis://127.0.0.1:6379/0"),
    "rabbitmq": ("LBACK_TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672//"),
}


def service_url(service: Service) -> str:
    """Where a server is looked for: a variable of the environment, else its default port."""
    variable, default = _URLS[service]
    return os.environ.get(variable) or default


def chromium() -> str | None:
    """The browser's program: ``$CHROMIUM``, else what the search path holds."""
    wanted = os.environ.get("CHROMIUM")
    return shutil.which(wanted) if wanted else shutil.which("chromium")


# --- is it there? -----------------------------------------------------------------------------


def _probe_database(service: Service) -> None:
    engine = create_engine(
        service_url(service), poolclass=NullPool, connect_args={"connect_timeout": _PROBE_SECONDS}
    )
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))


def _probe_redis() -> None:
    import redis

    url = service_url("redis")
    with closing(redis.Redis.from_url(url, socket_connect_timeout=_PROBE_SECONDS)) as client:
        client.ping()


def _probe_rabbitmq() -> None:
    """Say hello in AMQP 0-9-1; a broker answers with a method frame (type 1)."""
    url = urlsplit(service_url("rabbitmq"))
    address = (url.hostname or "127.0.0.1", url.port or 5672)
    with socket.create_connection(address, timeout=_PROBE_SECONDS) as connection:
        connection.sendall(b"AMQP\x00\x00\x09\x01")
        if connection.recv(1) != b"\x01":
            raise ConnectionError(f"what listens on {address[0]}:{address[1]} is no AMQP broker")


def _probe_chromium() -> None:
    if chromium() is None:
        raise FileNotFoundError("no chromium on the search path, and CHROMIUM names none")


def _probe_axe_core() -> None:
    if not AXE_CORE.is_file():
        raise FileNotFoundError("no theme/node_modules/axe-core; run `npm install` in theme/")


_PROBES: dict[Service, Callable[[], None]] = {
    "postgresql": lambda: _probe_database("postgresql"),
    "mariadb": lambda: _probe_database("mariadb"),
    "redis": _probe_redis,
    "rabbitmq": _probe_rabbitmq,
    "chromium": _probe_chromium,
    "axe-core": _probe_axe_core,
}


@functools.cache
def missing(service: Service) -> str | None:
    """Why a service cannot be used, or None. Asked once per process."""
    try:
        _PROBES[service]()
    except Exception as error:  # whatever a driver raises is the reason
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return f"{service} is missing: {lines[0]}"
    return None


def unavailable(reason: str) -> NoReturn:
    """End the test: a skip, or a failure where services are required."""
    if os.environ.get("LBACK_REQUIRE_SERVICES") == "1":
        pytest.fail(f"{reason} (LBACK_REQUIRE_SERVICES=1)", pytrace=False)
    pytest.skip(reason)


def require(service: Service) -> None:
    """Go on if the service is there, else skip or fail with the reason."""
    if reason := missing(service):
        unavailable(reason)


def main() -> int:
    """Print the state of every service; 1 if one is missing."""
    reasons = {service: missing(service) for service in get_args(Service)}
    for service, reason in reasons.items():
        print(reason or f"{service}: there")
    return int(any(reasons.values()))


if __name__ == "__main__":
    sys.exit(main())
