"""What the documents say: operations and requirements, read from the specs and the registers."""
