"""The hospital's witness: it sees a log grow, and cosigns only what continues what it saw."""
