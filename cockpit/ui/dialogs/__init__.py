"""Questions to the reader: one dialog a file."""
