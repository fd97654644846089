"""The verbs of `python -m monitoring`, one module each: `describe` adds arguments, `run` returns the exit code."""
