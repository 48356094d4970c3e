"""The suite as a guest in the pytest of somebody else."""
