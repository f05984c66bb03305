"""Commands of the portal: ``flask --app wsgi …``."""

import os
import re
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup
from werkzeug.utils import import_string

from portal import audit, auth, credit_scores, loans, notifications, risk_levels
from portal.credit_scores import take_in_evaluations, take_in_scores
from portal.kyc import take_in_lines as take_in_kyc_lines
from portal.loans import take_in_lines as take_in_loan_lines
from portal.permissions import Role, roles_with
from portal.shared import jobs
from portal.shared.errors import Refusal
from portal.web.access import access_of

HEAD = re.compile("[0-9]{1,18}:[0-9a-f]{64}")


class Late(click.Command):
    """A command, or a group of them, that is imported when it is called, so that the web server starts without it."""

    def __init__(self, name: str, where: str, help: str) -> None:
        super().__init__(name, help=help)
        self.where = where

    def make_context(self, *given: Any, **extra: Any) -> click.Context:
        command: click.Command = import_string(self.where)
        return command.make_context(*given, **extra)


staff_group = AppGroup("staff", help="Members of staff.")
audit_group = AppGroup("audit", help="The audit trail's hash chain.")
mongo_group = AppGroup("mongo", help="MongoDB.")
loans_group = AppGroup("loans", help="Loans.")
scores_group = AppGroup("scores", help="Credit scores.")
keys_group = AppGroup("keys", help="The keys of encrypted fields.")
intake_group = AppGroup("intake", help="Take in what other services hand over, as JSON lines.")


def init(app: Flask) -> None:
    """Register the commands."""
    for group in (staff_group, audit_group, mongo_group, intake_group, loans_group, scores_group, keys_group):
        app.cli.add_command(group)
    app.cli.add_command(Late("db", "flask_migrate.cli:db", help="Perform database migrations."))
    app.cli.add_command(Late("demo", "portal.demo.commands:demo", help="Fill an empty portal with demo data."))
    app.cli.add_command(Late("seed", "portal.demo.commands:seed", help="Add realistic data at size."))
    app.cli.command("access", help="Every route with its permission and roles.")(lambda: print_access(app))
    app.cli.command("worker", help="Work off jobs; any number of these, on any number of machines.")(
        lambda: jobs.run_worker(app, name=f"{socket.gethostname()}-{os.getpid()}")
    )


def print_access(app: Flask) -> None:
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ())))
    width = max(len(rule.rule) for rule in rules)
    for rule in rules:
        access = access_of(app, rule.endpoint)
        methods = ",".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        permission = access.permission if access and access.permission else "public"
        roles = ", ".join(roles_with(access.permission)) if access and access.permission else "everybody"
        click.echo(f"{methods:<4}  {rule.rule:<{width}}  {permission:<15}  {roles}")


@staff_group.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--name", required=True, help="The name colleagues see.")
def add_staff(email: str, role: str, name: str) -> None:
    """Add a member of staff and print the one-time link for a first password."""
    try:
        token = auth.invite(email, role=Role(role), name=name)
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from refusal
    click.echo(f"{auth.link_to(token)}\nGood once, for 24 hours.")


@audit_group.command("verify")
@click.option("--head", "expected", help="What `audit head` printed earlier, to find a cut tail.")
def verify_audit(expected: str | None) -> None:
    """Walk the whole chain; name its first broken link and the events not yet sealed."""
    if expected is not None and not HEAD.fullmatch(expected):
        raise click.BadParameter("this is not what `audit head` printed", param_hint="--head")
    verdict = audit.verify(expected)
    click.echo(f"{verdict.links} links, {verdict.unsealed} events not yet sealed.")
    if verdict.broken:
        click.echo(f"BROKEN: {verdict.broken}")
        sys.exit(1)
    click.echo(f"Unbroken. Head: {verdict.head}")


@audit_group.command("head")
def print_head() -> None:
    """Print the newest link, to be kept somewhere else."""
    click.echo(audit.head())


@mongo_group.command("indexes")
def prepare_mongo() -> None:
    """Create the collections, or bring their validators and indexes up to date."""
    notifications.prepare()
    risk_levels.prepare()


@intake_group.command("kyc")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def take_in_kyc(file: Path) -> None:
    """Take in identity checks; prints a result per line and fails when any was refused."""
    _take_in(file, take_in_kyc_lines)


@intake_group.command("loan")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def take_in_loans(file: Path) -> None:
    """Take in loan applications; prints a result per line and fails when any was refused."""
    _take_in(file, take_in_loan_lines)


@intake_group.command("score")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def take_in_score(file: Path) -> None:
    """Take in internal and external scores; prints a result per line and fails when any was refused."""
    _take_in(file, take_in_scores)


@intake_group.command("evaluation")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def take_in_evaluation(file: Path) -> None:
    """Take in vendors' evaluations; prints a result per line and fails when any was refused."""
    _take_in(file, take_in_evaluations)


def _take_in(file: Path, take_in: Callable[[Iterable[str]], Iterator[tuple[str, bool]]]) -> None:
    refused = 0
    with file.open(encoding="utf-8", errors="replace") as lines:
        for number, (result, is_taken) in enumerate(take_in(lines), start=1):
            refused += not is_taken
            click.echo(f"{number}: {result}")
    sys.exit(1 if refused else 0)


@loans_group.command("reconcile")
def reconcile() -> None:
    """Fold every loan's history and compare it with its rows; exit code 1 when any differs."""
    with click.progressbar(loans.differences(), length=loans.count_loans(), label="Loans") as every:
        found = [(loan_id, words) for loan_id, words in every if words]
    for loan_id, words in found:
        for word in words:
            click.echo(f"{loan_id}: {word}")
    many = "1 loan differs from its history." if len(found) == 1 else f"{len(found)} loans differ from their history."
    click.echo(many if found else "Every loan is what its history says.")
    sys.exit(1 if found else 0)


@scores_group.command("reconcile")
def reconcile_scores() -> None:
    """Compare every credit decision with its loan's status; exit code 1 when any differs."""
    found = 0
    for loan_id, decision, status in credit_scores.differences():
        found += 1
        click.echo(f"{loan_id}: decided {decision}, the loan is {status or 'not there'}")
    click.echo(f"{found} differ." if found else "Every decision is its loan's status.")
    sys.exit(1 if found else 0)


@keys_group.command("rotate")
def rotate_keys() -> None:
    """Wrap the data keys by the newest of FIELD_KEYS; everything stays readable meanwhile, and it can be repeated."""
    try:
        changed = risk_levels.rotate_keys()
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from refusal
    click.echo(f"{changed} data keys rewrapped. The older names may leave FIELD_KEYS now.")
