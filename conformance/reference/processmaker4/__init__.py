"""The reference server of ProcessMaker 4."""
