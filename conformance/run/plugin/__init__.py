"""The pytest plugin: options, fixtures, which tests run, and the controller of a run."""
