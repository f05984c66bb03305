"""Accounts, sessions, one-time links and passkeys in Postgres."""
