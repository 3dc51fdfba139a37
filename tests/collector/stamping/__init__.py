"""Tests of what has the log stamped."""
