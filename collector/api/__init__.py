"""The HTTP interface: enrolment, clock, ingest."""
