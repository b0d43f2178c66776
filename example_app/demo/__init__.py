"""Demo content: what the site looks like when fifty people have used it for a year and a half."""

from .seeding import Summary, seed

__all__ = ["Summary", "seed"]
