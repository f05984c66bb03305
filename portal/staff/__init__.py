"""Looking after the members of staff: who comes in, in which role, and who is out."""

from portal.staff.stats import StaffNumbers, colleagues, staff_numbers

__all__ = ["StaffNumbers", "colleagues", "staff_numbers"]
