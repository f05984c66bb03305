"""The rules of sending once more: each alone, and that the earlier one decides."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from portal.notifications.resends.eligibility import SENTENCES, Answer, Facts, judge

NOW = datetime(2026, 3, 4, 3, 0, tzinfo=UTC)
MONDAY = NOW + timedelta(hours=14)
FAILED = Facts(status="failed", now=NOW)


def minutes_ago(*minutes):
    return tuple(NOW - timedelta(minutes=number) for number in minutes)


RULES = [
    ("pending", Answer.NO, {"status": "pending"}),
    ("inactive", Answer.NO, {"is_customer_active": False}),
    ("no_address", Answer.NO, {"has_address": False}),
    ("permanent", Answer.NO, {"is_permanent": True}),
    ("stale", Answer.NO, {"is_still_true": False}),
    ("newer", Answer.CONFIRM, {"is_newer_sent": True}),
    ("too_soon", Answer.LATER, {"tries": minutes_ago(9)}),
    ("too_often", Answer.LATER, {"tries": minutes_ago(1000, 500, 11)}),
    ("window", Answer.SCHEDULED, {"window": MONDAY}),
    ("sent", Answer.REASON, {"status": "sent"}),
]


@pytest.mark.parametrize(("code", "answer", "given"), RULES)
def test_each_rule_alone(code, answer, given):
    verdict = judge(replace(FAILED, **given))
    assert (verdict.code, verdict.answer, verdict.message) == (code, answer, SENTENCES[code])


@pytest.mark.parametrize(("first", "second"), list(combinations(RULES, 2)))
def test_of_two_that_apply_the_earlier_decides(first, second):
    if not first[2].keys() & second[2].keys():
        assert judge(replace(FAILED, **first[2], **second[2])).code == first[0]


def test_a_failed_message_without_a_hindrance_goes_out():
    assert judge(FAILED).answer is Answer.YES
    assert judge(replace(FAILED, is_permanent=True, is_address_changed=True)).answer is Answer.YES


def test_the_pause_and_the_day_end_to_the_minute():
    assert judge(replace(FAILED, tries=minutes_ago(10))).answer is Answer.YES
    assert judge(replace(FAILED, tries=minutes_ago(9))).at == NOW + timedelta(minutes=1)
    assert judge(replace(FAILED, tries=minutes_ago(1440, 500, 11))).answer is Answer.YES
    assert judge(replace(FAILED, tries=minutes_ago(1430, 500, 11))).at == NOW + timedelta(minutes=10)


def test_a_confirmed_one_still_obeys_the_later_rules():
    newer = replace(FAILED, is_newer_sent=True)
    assert judge(newer, is_confirmed=True).answer is Answer.YES
    assert judge(replace(newer, window=MONDAY), is_confirmed=True).at == MONDAY
    assert judge(replace(newer, is_still_true=False), is_confirmed=True).code == "stale"


def test_a_sent_message_needs_a_reason_also_when_it_waits_for_its_time():
    assert judge(replace(FAILED, status="sent", window=MONDAY)).needs_reason
    assert not judge(replace(FAILED, window=MONDAY)).needs_reason
