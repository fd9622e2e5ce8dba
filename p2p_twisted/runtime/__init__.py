"""What runs a daemon: alarms, background tasks, worker threads, logs and process set-up."""
