"""Changes of one cluster: each verb plans operations as data, and performs them for the one door."""
