"""The documents say what the commands say."""
