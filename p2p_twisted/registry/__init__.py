"""The registry, p2pmeta, and a peer's side of the talk with it."""
