"""The peer as one object."""
