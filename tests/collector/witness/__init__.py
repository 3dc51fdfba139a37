"""The witness, in front of a log that may lie."""
