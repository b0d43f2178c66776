"""``python -m benchmarks [name …]``: run them all, or those named."""

from __future__ import annotations

import importlib
import sys

NAMES = ("signed_in_page", "admin", "admin_export")


def main(names: list[str]) -> None:
    """Run and print."""
    for name in names or list(NAMES):
        module = importlib.import_module(f"benchmarks.{name}")
        print(f"\n{name}: {str(module.__doc__).splitlines()[0]}\n")
        for ratio in module.run():
            print(f"  {ratio}")


if __name__ == "__main__":
    main(sys.argv[1:])
