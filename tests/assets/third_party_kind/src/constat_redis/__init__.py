"""Adds the kind of check `redis` to Constat."""
