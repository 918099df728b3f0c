"""Observes plain processes of this machine. It starts and ends none."""
