"""`python -m agent` is `constat-agent`."""

from agent.cli.main import main

main()
