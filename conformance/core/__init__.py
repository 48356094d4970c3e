"""Values that all packages use: exchanges, verdicts, exit codes, text."""
