"""What the API server keeps: kinds as a table, objects with their versions, and what moves them."""
