"""Measure the shipped daemons beside what people use today, and beside what the machine can do."""
