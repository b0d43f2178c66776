"""What was changed in the panel: recorded, and shown record by record."""
