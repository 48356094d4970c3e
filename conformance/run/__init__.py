"""What happens from the first test to the run record."""
