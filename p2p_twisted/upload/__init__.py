"""Push content to the peers that ask for it."""
