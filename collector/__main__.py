"""`python -m collector` is `constat`."""

from collector.cli.main import main

main()
