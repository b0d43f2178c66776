"""Posts and comments: reading, writing, moderating."""
