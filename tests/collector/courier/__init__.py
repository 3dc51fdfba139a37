"""Letters reach real servers, or wait until they do."""
