"""Fuzz the readers: `python -m tests.fuzz [--runs N] [--seed N] [TARGET…]`.

Where atheris is installed (`make fuzz`), it guides the alterations by what they reach; without it
the same alterations are made blindly. Either way a seed makes the same run again.
"""
