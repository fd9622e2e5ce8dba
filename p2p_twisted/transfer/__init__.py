"""Getting content from a holder to a requester, verified and resumable."""
