"""The collector: what was true, and proving it."""
