"""What the panel begins with: the dashboard, widgets of the application, and the search."""
