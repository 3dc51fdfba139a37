"""The `constat` command: parse, call, print; no logic."""
