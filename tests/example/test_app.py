"""The application as a whole."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from example_app import create_app
from example_app.config import TestingConfig

POLICY = "default-src 'none'"


def test_two_applications_in_one_process_share_no_data(site: Flask) -> None:
    other = create_app(TestingConfig, LBACK_SITE_NAME="Lowwater")
    assert "Lowwater" in other.test_client().get("/about/").text
    assert "Tidewater" in site.test_client().get("/about/").text


def test_the_shell_knows_the_database_and_every_model(site: Flask) -> None:
    names = site.make_shell_context()
    assert {"db", "lback", "User", "Post", "Comment", "Tag", "Group", "Permission"} <= set(names)


def test_error_pages_carry_the_name_of_the_site(anonymous: FlaskClient) -> None:
    page = anonymous.get("/nowhere/")
    assert page.status_code == 404
    assert "Tidewater" in page.text


def test_no_page_needs_a_looser_policy(anonymous: FlaskClient, moderator: FlaskClient) -> None:
    for path in ("/", "/tags/", "/people/", "/about/", "/posts/new/", "/moderation/", "/profile/"):
        page = moderator.get(path)
        assert POLICY in page.headers["Content-Security-Policy"]
        assert "style=" not in page.text, path
        assert " onclick" not in page.text, path
        assert "<script>" not in page.text, path
    assert POLICY in anonymous.get("/").headers["Content-Security-Policy"]
