"""People: their public pages, and the editor of one's own."""
