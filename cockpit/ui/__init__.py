"""The screen: draws frames of the engine and turns keys into commands. It knows the engine through its port alone."""

from cockpit.ui import environment

environment.set_defaults()
