"""Named worlds on a small time axis, each with its sums worked by hand; see axis.py."""
