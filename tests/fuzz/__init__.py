"""Fuzzers: what comes from elsewhere is refused with one error or understood, never a crash."""
