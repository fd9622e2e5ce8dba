"""One HTTP and JSON API for every program that talks to a running peer."""
