# Read by Alembic. The database is the application's own; nothing of it is written here.

[alembic]
file_template = %%(year)d%%(month).2d%%(day).2d_%%(hour).2d%%(minute).2d%%(second).2d_%%(rev)s_%%(slug)s
path_separator = os
