"""Tests of the demonstration: its service, its migration, its paths and its scenarios."""
