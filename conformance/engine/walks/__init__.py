"""Walks: create, update and delete several resources in any order, and compare the target with a model of them."""
