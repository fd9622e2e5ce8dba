"""Share files between machines by name, with no file server."""

__version__ = "0.1.0"
