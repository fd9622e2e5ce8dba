"""A network that is all in memory, for testing what runs on this package."""
