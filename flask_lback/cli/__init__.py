"""The command line: ``flask lback`` by entry point and on ``app.cli``, and ``lback`` itself.

Flask imports this module at every ``flask`` call, so it imports click and nothing else; a command
is imported when it runs.
"""

from __future__ import annotations

from .group import LazyGroup

#: Name of each command, and where it is: ``.`` is this package's parent.
COMMANDS: dict[str, str] = {
    "activate-user": "..auth.commands:activate_user",
    "check": ".checking:check",
    "clean-audit": "..auth.audit.commands:clean_audit",
    "clean-sessions": "..auth.commands:clean_sessions",
    "create-api-token": "..auth.api_tokens.commands:create_api_token",
    "create-superuser": "..auth.commands:create_superuser",
    "deactivate-user": "..auth.commands:deactivate_user",
    "delete-due-accounts": "..auth.personal_data.commands:delete_due_accounts",
    "explain-permission": "..permissions.commands:explain_permission",
    "export-groups": "..permissions.document_commands:export_groups",
    "grant": "..permissions.commands:grant",
    "import-groups": "..permissions.document_commands:import_groups",
    "init-db": "..db.commands:init_db",
    "invite": "..auth.invitations.commands:invite",
    "list-users": "..auth.commands:list_users",
    "makemigrations": "..db.commands:makemigrations",
    "migrate": "..db.commands:migrate",
    "reset-password": "..auth.commands:reset_password",
    "reset-two-factor": "..auth.two_factor.commands:reset_two_factor",
    "revoke": "..permissions.commands:revoke",
    "seed-demo": ".seeding:seed_demo",
    "shell": "flask.cli:shell_command",
    "showmigrations": "..db.commands:showmigrations",
    "sync-permissions": "..permissions.commands:sync_permissions",
    "unlock": "..auth.throttle.commands:unlock",
    "version": ".versions:version",
}

#: What works where there is no application.
FREE = ("version",)

lback = LazyGroup(
    name="lback",
    entries=COMMANDS,
    help="Accounts, permissions, migrations and checks.",
    epilog="Names may be written with underscores or in one word: init_db, createsuperuser.",
)


def main() -> None:
    """Run the console script ``lback``."""
    from .standalone import Standalone

    Standalone(name="lback", entries=COMMANDS, free=FREE, help=lback.help, epilog=lback.epilog)()
