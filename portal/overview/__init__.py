"""Pages over several contexts."""
