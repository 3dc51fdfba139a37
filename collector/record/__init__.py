"""What the entries of a log say, read by collector and auditor alike: no database, no clock."""
