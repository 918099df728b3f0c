"""The tests: one folder per room, `parts/` for the real things they run against, `house/` for the house itself."""
