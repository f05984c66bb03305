"""The staff portal of a digital lender."""

import gc

# A portal is made of 170,000 objects that all stay. Looking for waste among them 350 times while they are
# imported costs 150 ms and finds nothing.
gc.set_threshold(10_000, 50, 50)
