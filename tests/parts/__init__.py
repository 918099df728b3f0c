"""Real parts for tests: things the cockpit meets in the world, started privately and cleaned up whatever happens."""
