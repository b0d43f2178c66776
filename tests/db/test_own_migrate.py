"""An application that set Flask-Migrate up itself keeps its folder, its env.py and its rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import flask, process
from tests.support.apps import SECRET_KEY

APP = f"""
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Integer
from sqlalchemy.orm import DeclarativeBase, mapped_column
from flask_lback import Lback

class Base(DeclarativeBase):
    pass

db = SQLAlchemy(model_class=Base)

class Note(db.Model):
    id = mapped_column(Integer, primary_key=True)

class Old(db.Model):
    __tablename__ = "legacy"
    id = mapped_column(Integer, primary_key=True)

def keep(item, name, kind, reflected, counterpart):
    return name != "legacy"

app = Flask(__name__)
app.config.update(SECRET_KEY="{SECRET_KEY}", SQLALCHEMY_DATABASE_URI="sqlite:///app.sqlite")
db.init_app(app)
Migrate(app, db, directory="own", include_object=keep)
Lback(app, db=db)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


def test_its_folder_and_its_filter_are_used(project: Path) -> None:
    made = flask(project, "makemigrations")
    assert made.status == 0, made.err
    assert made.out.startswith("Made own/versions/")
    assert "add table note" in made.out
    assert "legacy" not in made.out
    assert flask(project, "migrate").out.startswith("Applied ")
    assert flask(project, "makemigrations", "--check").status == 0
    # The folder is Flask-Migrate's as well.
    current = process(project, "-m", "flask", "db", "current")
    assert current.status == 0, current.err
    assert "(head)" in current.out
    assert process(project, "-m", "flask", "db", "migrate").status == 0
    assert len(list((project / "own" / "versions").glob("*.py"))) == 1


def test_the_env_py_of_flask_migrate_follows_the_same_rules(project: Path) -> None:
    assert process(project, "-m", "flask", "db", "init").status == 0
    env = project / "own" / "env.py"
    # Flask-Migrate's file asks for something that Flask-SQLAlchemy warns of.
    env.write_text(env.read_text().replace("].db.get_engine()", "].db.engine"))
    flask(project, "init-db")
    made = flask(project, "makemigrations")
    assert made.status == 0, made.err
    assert "add table lback_user" in made.out
    assert (
        "flask_lback.db.UTCDateTime()" in next((project / "own/versions").glob("*.py")).read_text()
    )
    assert flask(project, "migrate").status == 1
    assert flask(project, "migrate", "--fake").status == 0
    assert "Nothing to do" in flask(project, "makemigrations").out
