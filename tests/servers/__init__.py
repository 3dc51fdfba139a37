"""Small loopback servers that misbehave in one way each, for real."""
