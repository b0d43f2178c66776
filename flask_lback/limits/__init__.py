"""How often something may be done: counters over the ``limits`` library."""
