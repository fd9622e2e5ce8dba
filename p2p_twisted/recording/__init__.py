"""What happened, in files: written while it happens, and played again."""
