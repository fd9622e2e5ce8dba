"""What a peer shares."""
