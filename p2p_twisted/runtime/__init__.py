"""What runs a daemon: reactor, alarms, background tasks, threads, logs, files and process."""
