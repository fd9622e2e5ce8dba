"""Where it is measured: processes, the networks between them, and what they use."""
