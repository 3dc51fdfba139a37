"""Whole stories, with every process of them real."""
