"""Measurements run by hand with `make bench`. They print; they never assert a time."""
