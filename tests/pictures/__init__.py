"""The README's pictures, drawn by the real program: `python -m tests.pictures`."""
