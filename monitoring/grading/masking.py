"""Fever no longer required: CRS already diagnosed, and since then a drug that may take the fever away.

Over time a diagnosis is made by a charted fever not attributed elsewhere, or by a clinician's charted grade. It
stands until seven days after the last sign: the gap after which the liso-cel CLL trial counted a new episode
(PMC11753452 table 4; decisions D13, D20, D21). A drug given before the diagnosis does not open the gate; it may hide a fever.
"""

from __future__ import annotations

import numpy as np

from monitoring.evidence import Evidence
from monitoring.timeline import END_OF_TIME, Steps, combine, hours

EPISODE_GAP = hours(7 * 24)

Span = tuple[int, int]


def spans(steps: Steps) -> list[Span]:
    """The [start, end) in which a truth certainly holds."""
    yes = np.concatenate([[False], steps.lo >= 1, [False]])
    edges = np.append(steps.at, END_OF_TIME)
    starts, ends = np.flatnonzero(yes[1:] & ~yes[:-1]), np.flatnonzero(yes[:-1] & ~yes[1:])
    return [(int(edges[start]), int(edges[end])) for start, end in zip(starts, ends, strict=True)]


def _later(at: int, gap: int) -> int:
    return END_OF_TIME if at > END_OF_TIME - gap else at + gap


def _diagnoses(evidence: Evidence, fever: Steps, signs: Steps) -> list[Span]:
    first_signs = sorted([start for start, _ in spans(fever)] + list(evidence.crs_charted))
    held = sorted([*spans(signs), *((at, at) for at in evidence.crs_charted)])
    groups: list[list[int]] = []
    for start, end in held:
        if groups and start < _later(groups[-1][1], EPISODE_GAP):
            groups[-1][1] = max(groups[-1][1], end)
        else:
            groups.append([start, end])
    found = []
    for start, end in groups:
        diagnosed = next((at for at in first_signs if start <= at <= end), None)
        if diagnosed is not None:
            found.append((diagnosed, _later(end, EPISODE_GAP)))
    return found


def _counted(found: list[Span]) -> Steps:
    steps = Steps.during([start for start, _ in found], [end for _, end in found])
    return Steps(steps.at, np.minimum(steps.lo, 1), np.minimum(steps.hi, 1)).compact()


def diagnosed(evidence: Evidence, fever: Steps, signs: Steps) -> Steps:
    """1 while a CRS diagnosis stands; unknown as long as no temperature was ever charted."""
    if not evidence.over_time:
        return evidence.truth("crs_already_diagnosed")
    known = _counted(_diagnoses(evidence, fever, signs))
    first = END_OF_TIME if evidence.temperatures_from is None else evidence.temperatures_from
    unseen = Steps.held(np.array([first]), np.zeros(1), np.zeros(1), np.array([END_OF_TIME]), outside=(0, 1))
    return combine(lambda a, b: (a[0], np.maximum(a[1], b[1])), known, unseen)


def masked_since(evidence: Evidence, fever: Steps, signs: Steps) -> Steps:
    """1 from the first antipyretic, anticytokine drug or steroid after the diagnosis, while the diagnosis stands."""
    if not evidence.over_time:
        return evidence.truth("masking_drug")
    found = []
    for begin, end in _diagnoses(evidence, fever, signs):
        after = [max(start, begin) for start, stop in evidence.masking_doses if start >= begin or stop > begin]
        if after and min(after) < end:
            found.append((min(after), end))
    return combine(lambda a, b: (a[0], np.maximum(a[1], b[1])), _counted(found), evidence.truth("masking_drug"))


def fever_may_hide(evidence: Evidence) -> Steps:
    """1 while a drug that may take a fever away was given within the last seven days."""
    if not evidence.over_time:
        return evidence.truth("masking_drug")
    return _counted([(start, _later(end, EPISODE_GAP)) for start, end in evidence.masking_doses])
