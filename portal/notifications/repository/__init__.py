"""Messages and their attempts in Mongo: every filter and every update."""
