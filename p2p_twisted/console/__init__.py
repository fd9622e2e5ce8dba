"""Let a person or script drive a peer, on a terminal or a pipe."""
