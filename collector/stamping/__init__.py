"""Has the log stamped by a time-stamping authority, again and again until it is."""
