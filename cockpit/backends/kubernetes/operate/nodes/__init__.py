"""What is done to nodes."""
