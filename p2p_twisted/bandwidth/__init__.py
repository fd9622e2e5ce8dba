"""How fast a peer sends and receives: rates, throttles and meters."""
