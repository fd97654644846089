"""One module a revision, oldest first; forward only."""
