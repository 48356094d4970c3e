"""Walks: several things of the run's own are created, changed and removed in any order, beside a model of them."""
