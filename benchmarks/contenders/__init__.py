"""What is measured: our daemons, common tools, and the least that does the same."""
