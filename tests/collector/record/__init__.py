"""Tests of what entries say."""
