"""Who moves payments, and a loan with some."""

import pytest

from portal.permissions import Role
from tests.factories import make_staff
from tests.loans.book import make_approved


@pytest.fixture
def maya(in_app):
    return make_staff(Role.SUPPORT_AGENT, display_name="Maya Putri")


@pytest.fixture
def bagas(in_app):
    return make_staff(Role.CREDIT_ANALYST, display_name="Bagas Wijaya")


@pytest.fixture
def mayas(maya, visit):
    return visit(maya)


@pytest.fixture
def bagass(bagas, visit):
    return visit(bagas)


@pytest.fixture
def loan_id(in_app):
    return make_approved(loan_amount="100000.01", tenor_month=3)
