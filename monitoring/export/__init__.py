"""What leaves the system, as rows and resources: facts, grades, and the report a registry asks for. Pure."""
