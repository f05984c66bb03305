"""The staff portal of a digital lender."""
