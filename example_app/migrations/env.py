"""Run by Alembic at each command. What it does is in flask_lback, and is updated with it.

To change it, give arguments of ``alembic.context.configure``: ``run_environment(context,
version_table="my_versions")``.
"""

from alembic import context

from flask_lback.db.migrations import run_environment

run_environment(context)
