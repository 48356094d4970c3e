"""What the user says of the server under test: the target file, its safety level and its accommodations."""
