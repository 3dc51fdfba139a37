"""What is written to people and programs is what they can read."""
