"""Hostile input: a driver run by hand, what it found, and a short corpus that the suite reads."""
