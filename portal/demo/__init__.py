"""Demo data and data at size."""
