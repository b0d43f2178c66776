"""The ground floor: what every feature stands on. This list of modules is closed."""
