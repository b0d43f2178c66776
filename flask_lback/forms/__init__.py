"""Forms on WTForms and Flask-WTF."""
