"""Putting the portal together; nothing else happens here."""

from pathlib import Path
from typing import Any

from flask import Flask, current_app, request
from flask_babel import Babel
from flask_wtf import CSRFProtect
from sqlalchemy import make_url
from werkzeug.local import LocalProxy
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import UUIDConverter

from portal import audit, cli, config, frame, kyc
from portal.audit.views import bp as audit_views
from portal.auth.account_views import bp as account_views
from portal.auth.views import bp as auth_views
from portal.auth.views import chosen_language, login_manager
from portal.credit_scores.views import bp as credit_scores_views
from portal.kyc.views import bp as kyc_views
from portal.loans.views import bp as loans_views
from portal.notifications.resends.views import bp as batches_views
from portal.notifications.views import bp as notifications_views
from portal.notifications.views.outbox import bp as outbox_views
from portal.notifications.views.receipts import bp as receipts_views
from portal.notifications.views.receipts import receipt
from portal.overview.views import bp as overview_views
from portal.overview.views.customers import bp as customers_views
from portal.permissions import Permission
from portal.risk_levels.views import bp as risk_levels_views
from portal.shared import crypto, mail
from portal.shared.actor import Actor
from portal.shared.database import db, engine_options
from portal.shared.mongo import mongo
from portal.shared.vault import vault
from portal.staff.views import bp as staff_views
from portal.web import access, errors, filters, headers, logs, requests, words
from portal.web.health import bp as health_views
from portal.web.htmx import Htmx4
from portal.web.metrics import bp as metrics_views

ROOT = Path(__file__).parent.parent
LARGEST_BODY = 1_100_000  # a note of 1 MB still gets its sentence
LANGUAGES = ["en", "id"]
VIEWS = (
    auth_views, account_views, overview_views, customers_views, kyc_views, loans_views, credit_scores_views,
    risk_levels_views, notifications_views, batches_views, receipts_views, staff_views, audit_views, health_views,
    metrics_views,
)  # fmt: skip


class CanonicalUuid(UUIDConverter):
    """Ids in addresses have one spelling: lower case."""

    regex = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def create_app(settings: config.Settings | None = None) -> Flask:
    """The portal, configured from the environment unless ``settings`` are given."""
    settings = settings or config.from_environment()
    config.use(settings)
    logs.configure(settings.log_level)
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    _configure(app, settings)
    _connect(app, settings)
    _guard(app)
    for views in VIEWS:
        app.register_blueprint(views)
    if any(url.startswith("outbox:") for url in (settings.email_url, settings.sms_url, settings.push_url)):
        app.register_blueprint(outbox_views)
    app.context_processor(frame.common)
    filters.init(app)
    words.init(app)
    errors.init(app)
    access.access_refused.connect(_note_refusal)
    cli.init(app)
    access.require_declared_routes(app)
    return app


def _configure(app: Flask, settings: config.Settings) -> None:
    app.url_map.converters["uuid"] = CanonicalUuid
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=list(settings.secret_key_fallbacks),
        SESSION_COOKIE_NAME="__Host-portal",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LARGEST_BODY,
        MAX_FORM_PARTS=500,
        TRUSTED_HOSTS=settings.hosts,
        WTF_CSRF_SECRET_KEY=[*settings.secret_key_fallbacks, settings.secret_key],
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # web/requests.py looks at Origin and Sec-Fetch-Site on every connection
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "portal" / "translations"),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        MIGRATION_URL=settings.migration_url,
        APPLICATION_ROLE=make_url(settings.database_url).username,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _connect(app: Flask, settings: config.Settings) -> None:
    crypto.configure(settings.document_hash_key)
    kyc.store.configure(settings.documents_url)
    mail.configure(settings.email_url, settings.mail_from)
    mongo.configure(settings.mongo_url)
    vault.configure(settings.field_keys)
    db.init_app(app)
    app.extensions["migrate"] = LocalProxy(_migrations)
    Babel(app, locale_selector=_locale)
    Htmx4(app)
    login_manager.init_app(app, add_context_processor=False)  # a page looks nobody up: the guard did


def _migrations() -> Any:
    """What `flask db` asks for; brings Alembic, 190 ms that no page needs."""
    from flask_migrate import Migrate

    Migrate(current_app, db, directory=str(ROOT / "migrations"), render_as_batch=False, transaction_per_migration=True)
    return current_app.extensions["migrate"]


def _guard(app: Flask) -> None:
    """In this order: an id, nothing malformed, who may, and only then the form's token."""
    for step in (requests.start, requests.refuse_malformed, access.enforce):
        app.before_request(step)
    CSRFProtect(app).exempt(receipt)
    app.after_request(requests.finish)
    app.after_request(headers.secure)


def _locale() -> str:
    return chosen_language() or request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def _note_refusal(sender: Flask, *, actor: Actor, permission: Permission) -> None:
    audit.note("access.refused", access.subject_of_request(), actor=actor, permission=permission)
