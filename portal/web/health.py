"""Whether the process is up, and whether its stores answer."""

from collections.abc import Callable

from flask import Blueprint, Response, jsonify
from pymongo.errors import PyMongoError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal.shared.database import db
from portal.shared.mongo import mongo
from portal.web.access import public

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def healthz() -> Response:
    return jsonify(status="up")


@bp.get("/readyz")
@public
def readyz() -> tuple[Response, int]:
    stores = {"postgres": _is_up(lambda: db.session.execute(text("SELECT 1"))), "mongo": _is_up(mongo.ping)}
    return jsonify(stores), 200 if all(stores.values()) else 503


def _is_up(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (SQLAlchemyError, PyMongoError):
        return False
    return True
