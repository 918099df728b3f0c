"""Starts and supervises sources, probes, tails and changes on its own loop and thread."""
