"""Offers: what one peer pushes to others, who takes it, and how far they are."""
