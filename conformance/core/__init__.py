"""Values that every package speaks in: exchanges, verdicts, exit codes, text."""
