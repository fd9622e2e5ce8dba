"""Simulated networks: the faults that befall them, and the overlays that ours is compared with."""
