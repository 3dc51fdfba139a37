"""The only place that speaks SQL: the log, its projections, and the register's tables."""
