"""What a measurement is, and how to take one."""
