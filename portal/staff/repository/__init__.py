"""Members of staff in Postgres, with their accounts and sessions."""
