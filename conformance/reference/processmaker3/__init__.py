"""The reference server of ProcessMaker 3."""
