"""The reference server of PROCESIO."""
