"""What is done leaves its entry, and what is logged names nobody."""
