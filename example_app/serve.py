"""``python -m example_app.serve``: the example with demo content, ready to be tried.

Makes or migrates the database in the instance folder, fills it when it is empty, gives three
accounts new passwords, prints them, and serves.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click
import sqlalchemy as sa

from . import create_app
from .config import Config
from .demo import Summary, seed
from .demo.accounts import Account, renew_accounts
from .extensions import db
from .models import Post

if TYPE_CHECKING:
    from flask import Flask

USERS, POSTS = 50, 300


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--workers", default=2, show_default=True, help="Processes that answer.")
@click.option("--instance", type=click.Path(path_type=Path), help="Folder of database and key.")
def main(host: str, port: int, workers: int, instance: Path | None) -> None:
    """Serve the example with demo content."""
    app = make_app(instance)
    prepare(app)
    with app.app_context():
        accounts = renew_accounts()
        db.engine.dispose()  # the workers open connections of their own
    announce(address(host, port), accounts)
    run(app, host, port, workers)


def make_app(instance: Path | None = None) -> Flask:
    """The application, with a key and a database in its instance folder."""
    os.environ.setdefault("LBACK_ENV", "local")
    folder = instance or Path(__file__).parent.parent / "instance"
    folder.mkdir(parents=True, exist_ok=True)
    key = os.environ.get("SECRET_KEY") or kept_secret(folder / "secret_key")
    url = os.environ.get("DATABASE_URL") or f"sqlite:///{(folder / 'tidewater.sqlite').resolve()}"
    return create_app(Config, SECRET_KEY=key, SQLALCHEMY_DATABASE_URI=url)


def kept_secret(path: Path) -> str:
    """The key in a file that only its owner may read, made at the first run."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        key = secrets.token_hex(32)
        file.write(key + "\n")
    return key


def prepare(app: Flask) -> Summary | None:
    """Bring the tables up to date, and fill them when there is no post."""
    migrate(app)
    with app.app_context():
        if db.session.scalar(sa.select(sa.exists().where(Post.id.is_not(None)))):
            return None
        with click.progressbar(length=USERS + POSTS, label="Writing demo content") as bar:
            summary = seed(db.session, users=USERS, posts=POSTS, advance=bar.update)
        click.echo(f"{summary}.")
        return summary


def migrate(app: Flask) -> None:
    """What `flask lback migrate` does."""
    result = app.test_cli_runner().invoke(args=["lback", "migrate"])
    if result.exit_code:
        raise click.ClickException(result.output)


def address(host: str, port: int) -> str:
    """Where a browser opens the site: by name, since passkeys work at no number."""
    return f"http://{'localhost' if host == '127.0.0.1' else host}:{port}/"


def announce(url: str, accounts: list[Account]) -> None:
    """Print where the site is and who may sign in."""
    rows = [("username", "password", "may"), *((a.username, a.password, a.may) for a in accounts)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    click.echo(f"\nTidewater is at {click.style(url, bold=True)}\n")
    for index, row in enumerate(rows):
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        line = "  " + "  ".join(cells).rstrip()
        click.echo(click.style(line, dim=True) if index == 0 else line)
    click.echo("\nThe passwords are good for this run. Mails are printed here. Ctrl+C stops.\n")


def run(app: Flask, host: str, port: int, workers: int) -> None:
    """Serve with gunicorn, or with Werkzeug where gunicorn does not run."""
    try:
        from .server import Server
    except ImportError:
        app.run(host, port, threaded=True)
    else:
        Server(app, {"bind": f"{host}:{port}", "workers": workers}).run()


if __name__ == "__main__":
    main()
