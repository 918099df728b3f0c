"""What is true now: immutable values, merge, freshness, roll-up, safe text and the one clock."""
