"""The tests for PROCESIO."""
