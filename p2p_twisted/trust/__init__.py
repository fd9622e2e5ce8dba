"""Who belongs to a private network: keys, certificates, invites, revocations, signed statements."""
