"""The registry, p2pmeta, and the client that peers talk to it with."""
