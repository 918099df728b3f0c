"""Log lines: reading them apart, keeping them bounded, searching, merging and grouping them."""
