"""What a profile declares that can be done: HTTP calls and commands, planned and performed like any other verb."""
