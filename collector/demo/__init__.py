"""A real upgrade of a real service, small enough to watch: what `constat demo` runs."""
