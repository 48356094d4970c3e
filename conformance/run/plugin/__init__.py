"""The pytest plugin: options, fixtures, selection of tests, and the controller of a run."""
