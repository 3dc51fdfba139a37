"""The store, always on a real PostgreSQL."""
