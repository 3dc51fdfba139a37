"""The tests mirror the tree; see CONTRIBUTING.md for how they are written."""
