"""Logs as JSON lines on standard error, each with the request's id."""

import logging
import sys
from typing import Any

import structlog


def configure(level: str) -> None:
    """One format for our own and every library's log lines; control characters are escaped by JSON."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # What the first two tell of their work holds jobs' arguments and documents, the third lists itself.
    for chatty in ("procrastinate", "pymongo", "alembic.runtime.plugins"):
        logging.getLogger(chatty).setLevel("WARNING")
