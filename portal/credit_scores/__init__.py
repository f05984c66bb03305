"""Credit scores and their entries."""
