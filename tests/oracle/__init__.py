"""A second reading of the measurement rules, written from their text alone."""
