"""The command line `constat-agent`: parse, call, print."""
