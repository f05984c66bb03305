"""The audit trail: who did or saw what, of whom, in which role."""
