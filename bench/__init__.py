"""Measurements at full size."""
