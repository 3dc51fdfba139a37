"""What things cost, as ratios measured in one run: run by hand and by `make bench`."""
