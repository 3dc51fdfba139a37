"""A second verifier of evidence bundles; see docs/formats.md."""
