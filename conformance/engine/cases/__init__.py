"""Cases: requests that differ from a documented one in one thing each, made by schemathesis and stored as a corpus."""
