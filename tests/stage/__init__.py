"""The real app on a real engine in a real terminal, played by a recording: for budgets, benchmarks and pictures."""
