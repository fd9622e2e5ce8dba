"""Processes that ask daemons for something while these are measured."""
