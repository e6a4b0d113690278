"""What a session is."""

SESSION_GAP = 24 * 60 * 60 * 1_000  # milliseconds between two interactions of a user that start a new one
