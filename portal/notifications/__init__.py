"""Messages to customers: queued with the change they tell of, delivered, sent again."""

from portal.notifications.browsing import is_loan
from portal.notifications.facts import Statement, checks_of
from portal.notifications.finding import ids_between
from portal.notifications.messages import MESSAGES
from portal.notifications.picture import CHANNELS, DAYS_COUNTED, DeliveryNumbers, delivery_numbers, newest_failed
from portal.notifications.service import prepare, queue, withdraw
from portal.notifications.timeline import events_of

__all__ = [
    "CHANNELS", "DAYS_COUNTED", "MESSAGES", "DeliveryNumbers", "Statement", "checks_of", "delivery_numbers",
    "events_of", "ids_between", "is_loan", "newest_failed", "prepare", "queue", "withdraw",
]  # fmt: skip
