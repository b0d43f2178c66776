"""The blog of these tests."""

from .blog import blog as blog
from .blog import make_ready_blog as make_ready_blog
