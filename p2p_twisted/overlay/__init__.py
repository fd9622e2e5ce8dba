"""The network of peers: who links with whom, and what passes along those links."""
