"""Find out what limits a download, from what was measured while it ran."""
