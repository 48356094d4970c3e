"""Comparison of two runs: SAFE, LOOK or STOP."""
