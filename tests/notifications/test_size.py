"""No query of the log examines more than a page needs, whatever the filters and however unlike the messages are."""

from bench.messages import HIS_LOAN, MOST, RANGES, SOMEBODY, load, watched
from portal.notifications.models import COLLECTION
from portal.shared.mongo import mongo

MESSAGES, DEEP = 20_000, 40


def test_a_page_examines_what_it_shows_under_every_filter(in_app, servers):
    load(mongo.database[COLLECTION], MESSAGES)
    with watched(servers.mongo_url) as log:
        reads = list(log.pages(SOMEBODY, HIS_LOAN, deep=DEEP))
        counts = list(log.counts())
    assert len({read.page for read in reads}) > 480 * 2
    assert [read for read in reads if read.is_beyond] == []
    assert max(read.keys for read in reads) <= RANGES + 26 < MOST
    assert max(read.documents for read in reads) == 26
    assert {read.page for read in counts} == {"tabs", "new ones", "outage"}
    assert [read for read in counts if read.is_beyond_counting] == []
