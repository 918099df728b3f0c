"""What is measured and printed, never asserted: run with `pytest -m benchmark -s`."""
