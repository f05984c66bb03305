"""Data at size: realistic, without images, and the same whatever the size."""
