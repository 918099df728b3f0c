"""The Docker backend: pure parts on recorded answers, the rest on a real engine."""
