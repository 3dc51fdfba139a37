"""The rules of measurement as pure code: no I/O, no clock, no log."""
