"""The blueprint that the views of this folder hang on."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("blog", __name__)
