"""Active checks: what a profile asks of its services, how an answer is judged, and the host's own facts."""
