"""How long a test waits for a real part before it says that the part hangs."""

PATIENCE = 60.0
"""Seconds. A bound on hanging, never a measure of speed: on two busy cores any process may be five seconds late, and
what is waited for comes in milliseconds elsewhere. Waits end the moment that they are over."""
