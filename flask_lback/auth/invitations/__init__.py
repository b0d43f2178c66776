"""Ask somebody in by mail, with groups; needed to register when registration is closed."""
