"""Tests of the probes, against real servers that misbehave."""
