"""Sending again: one message or many, each copy judged, claimed once, and written by a worker."""
