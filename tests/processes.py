"""Which tests run in one process, when there are two of them."""

from xdist.scheduler import LoadScopeScheduling


class ByStores(LoadScopeScheduling):
    """A file at a time, in the order of the collection; what shares filled stores together, each browser test alone.

    xdist's own `loadgroup` names a group in the ids of its tests, which pytest no longer lets it change.
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, _ = nodeid.partition("::")
        if file.startswith("tests/browser/"):
            return nodeid
        if file.startswith("tests/demo/"):
            return "demo"
        return "seeded" if file.endswith("_size.py") else file
