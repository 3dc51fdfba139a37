"""Tests of collector/judge."""
