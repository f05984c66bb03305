"""Vendors' risk evaluations."""
