"""The board: merge, freshness, roll-up, safe text, recording, assessment."""
