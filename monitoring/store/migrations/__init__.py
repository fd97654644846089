"""Schema of the store, revision by revision; Alembic runs them."""
