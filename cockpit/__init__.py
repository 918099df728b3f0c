"""The incident cockpit: what is broken, since when, why, and what may be done about it, on one terminal screen."""

__version__ = "0.1.0"
