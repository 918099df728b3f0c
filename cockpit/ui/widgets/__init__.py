"""Widgets that know nothing of the cockpit's matter: lines, tables, logs."""
