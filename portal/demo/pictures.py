"""Draws the images of the demo's checks on all processors, and puts them into the document store."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from multiprocessing import get_context
from uuid import UUID

from portal.demo.checks import Check
from portal.demo.drawing import Specimen, document_front, selfie
from portal.kyc import store
from portal.shared.errors import NotFound

PAINTERS = {"front": document_front, "selfie": selfie}
Picture = tuple[str, Specimen]


def draw(checks: Iterable[Check]) -> Iterator[tuple[int, int]]:
    """Draw what the store lacks, each picture once; yields how many of how many are drawn."""
    missing = _missing(checks)
    if not missing:
        return
    # Fresh processes: a forked one would share this one's connections.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        drawn = {pool.submit(PAINTERS[side], specimen): (side, specimen) for side, specimen in missing}
        for number, future in enumerate(as_completed(drawn), start=1):
            side, _ = picture = drawn[future]
            for kyc_id in missing[picture]:
                store.put(kyc_id, side, future.result())
            yield number, len(missing)


def _missing(checks: Iterable[Check]) -> dict[Picture, list[UUID]]:
    """The pictures to draw, and the checks they belong to."""
    missing: dict[Picture, list[UUID]] = defaultdict(list)
    for check in checks:
        if check.drawing:
            if not _is_there(check.kyc_id, "front"):
                missing["front", check.drawing.front].append(check.kyc_id)
            if not _is_there(check.kyc_id, "selfie"):
                missing["selfie", _looks(check.drawing.selfie)].append(check.kyc_id)
    return missing


def _looks(specimen: Specimen) -> Specimen:
    """What of it a selfie shows, so that several checks of a person share one."""
    return replace(specimen, document_type="", number="", fullname="", valid_until=None, flaw=None)


def _is_there(kyc_id: UUID, side: str) -> bool:
    try:
        store.get(f"kyc/{kyc_id}/{side}.jpg")
    except NotFound:
        return False
    return True
