"""Counts that stop at 1,001, so that no page pays for how much there is."""

CAP = 1001


def capped(table: str, rule: str) -> str:
    """SQL for how many rows of a table fulfil a rule; both are constants of the code."""
    return f"(SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {rule} LIMIT {CAP}) s)"  # noqa: S608
