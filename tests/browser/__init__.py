"""Flows in a real browser; a package, so that its browser is closed when its last test has run."""
