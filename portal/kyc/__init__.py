"""Identity checks: the queue, the workspace and the decision."""
