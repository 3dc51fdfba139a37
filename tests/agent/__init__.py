"""Tests of the agent, in the order of its files."""
