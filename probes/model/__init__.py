"""The shared vocabulary of agent, collector and verifier: pure values and their exact bytes.

A type enters this package when two of {agent, collector, verifier} must agree on it to the byte
or to the microsecond; everything else stays with its owner.
"""
