"""The agent: when to measure, and how not to lose what was measured."""
