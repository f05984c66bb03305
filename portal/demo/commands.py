"""Commands that fill an empty portal: demo data to look at, and data at size to measure with."""

import time

import click
from flask.cli import with_appcontext

from portal import config
from portal.shared import clock


@click.command("demo")
@click.option("--if-empty", is_flag=True, help="Do nothing when the demo data are there already.")
@with_appcontext
def demo(if_empty: bool) -> None:
    """Fill an empty portal with demo data: staff, 200 customers, identity checks with drawn images."""
    from portal.demo import load

    if not config.current().is_demo:
        raise click.ClickException("Demo data bring accounts with a known password: set DEMO=1 to load them.")
    if load.is_loaded():
        if if_empty:
            click.echo("The demo data are there already; nothing was changed.")
            return
        raise click.ClickException("The demo data are there already. Start with empty stores to load them anew.")
    if not load.is_empty():
        raise click.ClickException("This database has other data. Demo data go into an empty one only.")
    started = time.monotonic()
    data = load.Demo.of(clock.now())
    for line in load.load(data):
        click.echo(line)
    waiting = sum(not check.decisions for check in data.checks)
    click.echo(
        f"Demo data: {len(data.customers)} customers, {len(data.checks)} identity checks ({waiting} waiting),"
        f" {len(data.loans)} loans, {len(data.messages)} messages, in {time.monotonic() - started:.1f} s."
    )


@click.command("seed")
@click.option("--users", type=click.IntRange(min=1), required=True, help="How many customers.")
@with_appcontext
def seed(users: int) -> None:
    """Add realistic customers, identity checks and loans at size, without images."""
    from portal.demo import load
    from portal.demo.seed.customers import is_seeded, seed_customers
    from portal.demo.seed.loans import seed_loans
    from portal.demo.seed.messages import seed_messages

    if not (config.current().is_demo or load.is_empty()):
        raise click.ClickException("This database has other data. Without DEMO=1 only an empty one is seeded.")
    if is_seeded():
        raise click.ClickException("The seed data are there already. Start with empty stores to seed anew.")
    started, at, rows = time.monotonic(), clock.now(), 0
    for label, batches in (
        ("Customers", seed_customers(users, at)),
        ("Loans", seed_loans(at)),
        ("Messages", seed_messages(at)),
    ):
        with click.progressbar(length=users, label=label) as bar:
            for customers, written in batches:
                bar.update(customers)
                rows += written
    seconds = time.monotonic() - started
    click.echo(f"Seeded {users:,} customers, {rows:,} rows, in {seconds:.1f} s ({rows / seconds:,.0f} rows/s).")
