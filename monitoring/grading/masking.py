"""Fever no longer required: CRS already diagnosed, and since then a drug that may take the fever away.

Over time a diagnosis is made by a charted fever not attributed elsewhere, or by a clinician's charted grade. It
stands until seven days after the last sign: the gap after which the liso-cel CLL trial counted a new episode
(PMC11753452 table 4; decisions D13, D20, D21). A drug given before the diagnosis does not open the gate; it may
hide a fever.
"""

from __future__ import annotations

import numpy as np

from monitoring.evidence import Evidence
from monitoring.timeline import BEGINNING_OF_TIME, END_OF_TIME, Steps, Times, combine, hours

EPISODE_GAP = hours(7 * 24)

Spans = tuple[Times, Times]
"""Starts and ends of [start, end), by start."""


def spans(steps: Steps) -> Spans:
    """The [start, end) in which a truth certainly holds."""
    yes = np.concatenate([[False], steps.lo >= 1, [False]])
    edges = np.append(steps.at, END_OF_TIME)
    return edges[np.flatnonzero(yes[1:] & ~yes[:-1])], edges[np.flatnonzero(yes[:-1] & ~yes[1:])]


def _later(at: Times, gap: int) -> Times:
    return np.where(at > END_OF_TIME - gap, END_OF_TIME, at + np.where(at > END_OF_TIME - gap, 0, gap))


def _doses(evidence: Evidence) -> Spans:
    doses = np.asarray(evidence.masking_doses, np.int64).reshape(-1, 2)
    doses = doses[np.argsort(doses[:, 0], kind="stable")]
    return doses[:, 0], doses[:, 1]


def _diagnoses(evidence: Evidence, fever: Steps, signs: Steps) -> Spans:
    """Where a diagnosis stands: groups of signs no further apart than the gap, from their first fever or charting."""
    charted = np.asarray(evidence.crs_charted, np.int64)
    first_signs = np.sort(np.concatenate([spans(fever)[0], charted]))
    starts, ends = (np.concatenate([edge, charted]) for edge in spans(signs))
    if first_signs.size == 0 or starts.size == 0:
        return starts[:0], ends[:0]
    order = np.lexsort((ends, starts))
    starts, reach = starts[order], np.maximum.accumulate(ends[order])
    opens = np.append(True, starts[1:] >= _later(reach[:-1], EPISODE_GAP))
    starts, ends = starts[opens], reach[np.append(opens[1:], True)]
    place = np.searchsorted(first_signs, starts)
    begin = first_signs[np.minimum(place, first_signs.size - 1)]
    found = (place < first_signs.size) & (begin <= ends)
    return begin[found], _later(ends[found], EPISODE_GAP)


def _counted(found: Spans) -> Steps:
    steps = Steps.during(*found)
    return Steps(steps.at, np.minimum(steps.lo, 1), np.minimum(steps.hi, 1)).compact()


def diagnosed(evidence: Evidence, fever: Steps, signs: Steps) -> Steps:
    """1 while a CRS diagnosis stands; unknown as long as no temperature was ever charted."""
    if not evidence.over_time:
        return evidence.truth("crs_already_diagnosed")
    known = _counted(_diagnoses(evidence, fever, signs))
    first = END_OF_TIME if evidence.temperatures_from is None else evidence.temperatures_from
    unseen = evidence.truths.get("crs_already_diagnosed") or Steps.held(
        np.array([first]), np.zeros(1), np.zeros(1), np.array([END_OF_TIME]), outside=(0, 1)
    )
    return combine(lambda a, b: (a[0], np.maximum(a[1], b[1])), known, unseen)


def masked_since(evidence: Evidence, fever: Steps, signs: Steps) -> Steps:
    """1 from the first antipyretic, anticytokine drug or steroid after the diagnosis, while the diagnosis stands."""
    if not evidence.over_time:
        return evidence.truth("masking_drug")
    begin, end = _diagnoses(evidence, fever, signs)
    start, stop = _doses(evidence)
    if start.size:
        place = np.searchsorted(start, begin)
        running = np.append(BEGINNING_OF_TIME, np.maximum.accumulate(stop))[place] > begin
        masked = np.where(running, begin, np.append(start, END_OF_TIME)[place])
        begin, end = masked[masked < end], end[masked < end]
    else:
        begin, end = begin[:0], end[:0]
    return combine(lambda a, b: (a[0], np.maximum(a[1], b[1])), _counted((begin, end)), evidence.truth("masking_drug"))


def fever_may_hide(evidence: Evidence) -> Steps:
    """1 while a drug that may take a fever away was given within the last seven days."""
    if not evidence.over_time:
        return evidence.truth("masking_drug")
    start, stop = _doses(evidence)
    return _counted((start, _later(stop, EPISODE_GAP)))
