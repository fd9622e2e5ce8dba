"""Find, hash, search and open what a peer shares."""
