"""Implement the ``p2p`` command."""
