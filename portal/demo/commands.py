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
    from portal.demo import loading

    if not config.current().is_demo:
        raise click.ClickException("Demo data bring accounts with a known password: set DEMO=1 to load them.")
    if loading.is_loaded():
        if if_empty:
            click.echo("The demo data are there already; nothing was changed.")
            return
        raise click.ClickException("The demo data are there already. Start with empty stores to load them anew.")
    if not loading.is_empty():
        raise click.ClickException("This database has other data. Demo data go into an empty one only.")
    started = time.monotonic()
    data = loading.Demo.of(clock.now())
    for line in loading.load(data):
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
    from portal.demo import loading, seeding, seeding_loans, seeding_messages

    if not (config.current().is_demo or loading.is_empty()):
        raise click.ClickException("This database has other data. Without DEMO=1 only an empty one is seeded.")
    if seeding.is_seeded():
        raise click.ClickException("The seed data are there already. Start with empty stores to seed anew.")
    started = time.monotonic()
    rows = 0
    with click.progressbar(length=users, label="Customers") as bar:
        for done, written in seeding.seed(users, clock.now()):
            bar.update(done)
            rows += written
    with click.progressbar(
        seeding_loans.seed_loans(clock.now()), label="Loans", length=seeding_loans.batches(users)
    ) as bar:
        rows += sum(bar)
    with click.progressbar(
        seeding_messages.seed_messages(clock.now()), label="Messages", length=seeding_messages.batches(users)
    ) as bar:
        rows += sum(bar)
    seconds = time.monotonic() - started
    click.echo(f"Seeded {users:,} customers, {rows:,} rows, in {seconds:.1f} s ({rows / seconds:,.0f} rows/s).")
