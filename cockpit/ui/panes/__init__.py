"""What screens are put together from: one pane a file."""
