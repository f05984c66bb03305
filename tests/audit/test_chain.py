"""The hash chain over the trail: what is sealed cannot be changed without a trace."""

from threading import Event, Thread
from uuid import uuid4

import pytest
from sqlalchemy import text

from portal import audit
from portal.audit import chain
from portal.audit.models import AuditEvent, AuditSeal
from portal.shared.database import db
from tests.factories import make_staff


def write(count):
    rina = make_staff()
    for number in range(count):
        audit.note("kyc.opened", uuid4(), of=uuid4(), actor=rina.actor, number=number)


def sequences():
    db.session.rollback()
    return list(db.session.scalars(db.select(AuditSeal.sequence).order_by(AuditSeal.sequence)))


@pytest.fixture
def tamper(superuser):
    """Somebody with the server in his hands."""

    def tamper(*statements):
        db.session.rollback()
        with superuser.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            for statement in statements:
                assert connection.execute(text(statement)).rowcount > 0, statement

    return tamper


@pytest.fixture
def sealed(in_app):
    """Ten sealed events; the head of their chain."""
    write(10)
    assert chain.seal() == 10
    return audit.head()


EVENT_OF_4 = "(SELECT event_id FROM audit_seals WHERE sequence = 4)"


def event_of(sequence):
    return db.session.scalar(db.select(AuditSeal.event_id).where(AuditSeal.sequence == sequence))


def test_an_empty_trail_is_unbroken(in_app):
    verdict = audit.verify()
    assert (verdict.links, verdict.broken, verdict.unsealed) == (0, None, 0)
    assert audit.head() == verdict.head == "0:" + "0" * 64


def test_sealing_takes_every_event_in_order_once(in_app):
    write(5)
    assert audit.verify().unsealed == 5
    assert chain.seal() == 5
    assert chain.seal() == 0
    write(3)
    assert chain.seal() == 3
    assert sequences() == list(range(1, 9))
    verdict = audit.verify()
    assert (verdict.links, verdict.broken, verdict.unsealed, verdict.head) == (8, None, 0, audit.head())


def test_more_than_one_batch_is_sealed_at_once(in_app, superuser):
    with superuser.begin() as connection:
        connection.execute(text("INSERT INTO audit_events (action) SELECT 'many' FROM generate_series(1, 2300)"))
    assert chain.seal() == 2300
    assert sequences() == list(range(1, 2301))
    assert audit.verify().broken is None


def test_an_event_that_comes_late_is_sealed_too(in_app, superuser):
    """Its transaction was open while a later event was sealed."""
    write(2)
    chain.seal()
    with superuser.begin() as connection:
        connection.execute(text("INSERT INTO audit_events (action, at) VALUES ('late', now() - interval '2 minutes')"))
    assert chain.seal() == 1
    assert audit.verify().broken is None
    assert audit.verify().unsealed == 0


def test_sealing_while_eight_people_work_leaves_no_gap_and_no_double(in_app):
    rina, done, sealed = make_staff(), Event(), []

    def work():
        with in_app.app_context():
            for _ in range(25):
                audit.note("kyc.opened", uuid4(), actor=rina.actor)

    def seal():
        with in_app.app_context():
            while not done.is_set():
                sealed.append(chain.seal())

    workers, sealers = [Thread(target=work) for _ in range(8)], [Thread(target=seal) for _ in range(2)]
    for thread in workers + sealers:
        thread.start()
    for thread in workers:
        thread.join()
    done.set()
    for thread in sealers:
        thread.join()
    sealed.append(chain.seal())
    assert sum(sealed) == 200
    assert sequences() == list(range(1, 201))
    assert db.session.query(AuditSeal.event_id).distinct().count() == db.session.query(AuditEvent).count() == 200
    verdict = audit.verify()
    assert (verdict.links, verdict.broken, verdict.unsealed) == (200, None, 0)


@pytest.mark.parametrize(
    "change",
    [
        "action = 'kyc.rejected'",
        "at = at + interval '1 microsecond'",
        "subject = gen_random_uuid()",
        "subject = NULL",
        "of_user = gen_random_uuid()",
        "actor_id = gen_random_uuid()",
        "actor_role = 'admin'",
        "session_id = gen_random_uuid()",
        "ip = '192.0.2.1'",
        "details = '{}'",
        """details = '{"number": 4, "reason": "none"}'""",
    ],
)
def test_a_changed_event_is_named(sealed, tamper, change):
    event = event_of(4)
    tamper(f"UPDATE audit_events SET {change} WHERE event_id = {EVENT_OF_4}")
    assert audit.verify().broken == f"link 4: event {event} was changed or moved"


def test_a_removed_event_is_named(sealed, tamper):
    event = event_of(4)
    tamper(f"DELETE FROM audit_events WHERE event_id = {EVENT_OF_4}")
    assert audit.verify().broken == f"link 4: event {event} was removed"


def test_two_events_that_changed_places_are_named(sealed, tamper):
    fourth, seventh = event_of(4), event_of(7)
    tamper(
        "UPDATE audit_seals SET event_id = gen_random_uuid() WHERE sequence = 7",
        f"UPDATE audit_seals SET event_id = '{seventh}' WHERE sequence = 4",
        f"UPDATE audit_seals SET event_id = '{fourth}' WHERE sequence = 7",
    )
    assert audit.verify().broken == f"link 4: event {seventh} was changed or moved"


def test_a_removed_link_is_named(sealed, tamper):
    tamper("DELETE FROM audit_seals WHERE sequence = 4")
    assert audit.verify().broken == "link 4 is missing: the chain jumps to 5"


def test_a_changed_link_is_named(sealed, tamper):
    event = event_of(4)
    tamper("UPDATE audit_seals SET hash = repeat('a', 64) WHERE sequence = 4")
    assert audit.verify().broken == f"link 4: event {event} was changed or moved"


def test_an_event_slipped_in_between_is_named(sealed, tamper):
    tamper(
        "UPDATE audit_seals SET sequence = sequence + 100 WHERE sequence > 4",
        "UPDATE audit_seals SET sequence = sequence - 99 WHERE sequence > 100",
        "INSERT INTO audit_events (event_id, action) VALUES ('01900000-0000-7000-8000-000000000001', 'made up')",
        "INSERT INTO audit_seals VALUES (5, '01900000-0000-7000-8000-000000000001', repeat('b', 64))",
    )
    assert audit.verify().broken == "link 5: event 01900000-0000-7000-8000-000000000001 was changed or moved"


def cut_tail(tamper):
    tamper(
        "DELETE FROM audit_events WHERE event_id IN (SELECT event_id FROM audit_seals WHERE sequence > 7)",
        "DELETE FROM audit_seals WHERE sequence > 7",
    )


def test_a_cut_tail_shows_against_a_head_that_was_kept_elsewhere(sealed, tamper):
    cut_tail(tamper)
    assert audit.verify().broken is None, "a chain alone cannot show it"
    assert audit.verify(sealed).broken == "the chain ends at 7; the exported head was 10: its tail was cut off"


def test_a_chain_written_anew_shows_against_a_head_that_was_kept_elsewhere(sealed, tamper):
    write(2)
    chain.seal()
    assert audit.verify(sealed).broken is None, "it has only grown"
    tamper("DELETE FROM audit_seals", f"UPDATE audit_events SET actor_role = 'admin' WHERE event_id <> '{uuid4()}'")
    assert chain.seal() == 12
    assert audit.verify().broken is None
    event = event_of(10)
    assert audit.verify(sealed).broken == f"link 10: event {event} is not the one that was exported"


def test_the_first_of_several_faults_is_named(sealed, tamper):
    third = event_of(3)
    tamper(
        "DELETE FROM audit_events WHERE event_id = (SELECT event_id FROM audit_seals WHERE sequence = 8)",
        "UPDATE audit_events SET action = 'x' WHERE event_id = (SELECT event_id FROM audit_seals WHERE sequence = 3)",
    )
    assert audit.verify().broken == f"link 3: event {third} was changed or moved"
