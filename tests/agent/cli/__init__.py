"""Tests of the agent's command line, run in this process unless an agent must run."""
