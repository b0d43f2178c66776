"""Django with its admin and one model; the settings are those of `startproject`."""

# mypy: disable-error-code="import-not-found,untyped-decorator"
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def make(database: Path, secret_key: str) -> tuple[Any, Mapping[str, str]]:
    """The application and the headers of a superuser."""
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY=secret_key,
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF="benchmarks.django_admin_urls",
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.staticfiles",
            "benchmarks.django_magazine",
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(database),
                "CONN_MAX_AGE": 600,
            }
        },
        STATIC_URL="/static/",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()
    return _filled(settings)


def _filled(settings: Any) -> tuple[Any, Mapping[str, str]]:
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    from django.db import connection
    from django.test import Client

    from .admin_peers import AUTHORS, fill
    from .django_magazine.models import Article, Author

    call_command("migrate", run_syncdb=True, verbosity=0)
    Author.objects.bulk_create(Author(name=f"Author {n}") for n in range(AUTHORS))
    with connection.cursor() as cursor:
        cursor.execute(fill(Article._meta.db_table))
    root = User.objects.create_superuser("root", "root@example.org", "password of the benchmark")
    client = Client()
    client.force_login(root)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    return get_wsgi_application(), {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"}
