"""What was asked to be sent again, in Postgres."""
