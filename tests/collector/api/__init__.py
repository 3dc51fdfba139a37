"""The HTTP interface, served on loopback over a real PostgreSQL."""
