"""What an auditor holds: the sealed log entries and how to check them, without the services."""
