"""`constat up`: everything a collector is, started in order and stopped in the reverse one."""
