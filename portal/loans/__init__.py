"""Loans, payments and review history."""
