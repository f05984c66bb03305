"""Accounts, staff and sessions."""
