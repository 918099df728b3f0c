"""The record: entries, the append-only journal and what is folded from it."""
