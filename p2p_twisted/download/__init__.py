"""The requester: gets content by name, verified and resumable, from many holders at once."""
