"""The truth corpus: situations a probe meets, each with the one verdict that is true of it."""
