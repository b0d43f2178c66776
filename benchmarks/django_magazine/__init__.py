"""The application of the Django contender."""
