"""Fever no longer required, over the time of one course, kept while its signs change a little at a time.

The rule is that of `monitoring.grading.masking`, which makes every course; here only what a change can touch is
looked at again. Signs no further apart than the gap are one group. A change of the signs on [start, end) leaves
every gap outside it as it was, so it can only grow, shrink, split or join the groups beside and inside it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from monitoring.evidence import Evidence
from monitoring.grading import masking
from monitoring.grading.masking import EPISODE_GAP
from monitoring.piecewise import Timeline
from monitoring.timeline import BEGINNING_OF_TIME, END_OF_TIME, Steps, joined

Signs = Timeline[tuple[bool, bool]]
"""Whether a fever is certain, and whether any sign of a grade is."""
Waiver = tuple[float, ...]
"""Lower and upper bound of: CRS diagnosed, masking drug since, masking drug that may hide a fever."""

_SOMEWHERE = END_OF_TIME
"""Begin of a group whose first fever was taken from it, so that the next one has to be looked for."""


class Group(NamedTuple):
    """Signs from `start` to `reach` with no gap of seven days; `begin` = their first fever or charted CRS, if any."""

    start: int
    reach: int
    begin: int | None


class Spell(NamedTuple):
    """A diagnosis on [begin, end); from `masked` on a drug has been given since, END_OF_TIME = none was."""

    begin: int
    end: int
    masked: int


def _later(at: int) -> int:
    return min(at + EPISODE_GAP, END_OF_TIME)


class Waivers:
    """The waiver of a course; `over_time` is what it is at each moment."""

    def __init__(self, evidence: Evidence, signs: Signs) -> None:
        """From the evidence of a course and the signs its situations show; the signs are read again when told."""
        self._signs = signs
        self._charted = sorted(int(at) for at in evidence.crs_charted)
        doses = sorted((int(start), int(stop)) for start, stop in evidence.masking_doses)
        self._doses = [start for start, _ in doses]
        self._stops = [int(stop) for stop in np.maximum.accumulate([stop for _, stop in doses])] if doses else []
        self.over_time = self._swept(evidence)
        self._stated = _stated(evidence)
        self._groups: list[Group] = []
        self._groups = self._regrouped(BEGINNING_OF_TIME, END_OF_TIME)[2]

    def _swept(self, evidence: Evidence) -> Timeline[Waiver]:
        """The waiver as `masking` reads it from the whole course."""
        at = np.array(self._signs.at, np.int64)
        fever, sign = np.array(self._signs.value, float).T
        fevers, signs = Steps(at, fever, fever), Steps(at, sign, sign)
        return _bounds(
            masking.diagnosed(evidence, fevers, signs),
            masking.masked_since(evidence, fevers, signs),
            masking.fever_may_hide(evidence),
        )

    def changed(self, start: int, end: int) -> tuple[int, int] | None:
        """The signs of [start, end) have changed: the window in which the waiver is another now, if there is one."""
        first, last, groups = self._regrouped(start, end)
        before = self._spells(self._groups[first:last])
        self._groups[first:last] = groups
        after = self._spells(groups)
        if before == after:
            return None
        window = _apart(before, after)
        pieces = self._pieces(after, *window)
        if pieces == self.over_time.between(*window):
            return None
        self.over_time.splice(*window, pieces)
        return window

    def _regrouped(self, start: int, end: int) -> tuple[int, int, list[Group]]:
        """Places of the groups a change can touch, and the groups that stand there now."""
        groups, at, value = self._groups, self._signs.at, self._signs.value
        parts: list[Group] = []
        first = bisect_left(groups, (start,))
        place = bisect_left(at, start)
        fever, sign = value[place - 1] if place else (False, False)
        if first:
            left = groups[first - 1]
            first -= 1
            reach = start if sign else at[place - 1] if place > 1 else BEGINNING_OF_TIME
            if self._charted:
                earlier = bisect_left(self._charted, start)
                reach = max(reach, self._charted[earlier - 1]) if earlier else reach
            known = left.begin is not None and left.begin < start
            parts.append(Group(left.start, reach, left.begin if known else None))
        opened = start if sign else None
        fevers: list[int] = []
        while place < len(at) and at[place] < end:
            moment, (hot, now) = at[place], value[place]
            if hot and not fever:
                fevers.append(moment)
            if now and opened is None:
                opened = moment
            elif not now and opened is not None:
                parts.append(Group(opened, moment, None))
                opened = None
            fever, sign = hot, now
            place += 1
        if opened is not None:
            parts.append(Group(opened, end, None))
        charted = self._charted[bisect_left(self._charted, start) : bisect_left(self._charted, end)]
        if charted:
            parts += [Group(moment, moment, None) for moment in charted]
            fevers = sorted([*fevers, *charted])
            parts.sort(key=lambda part: part.start)
        last = self._right(place, end, parts, fevers, first, fever=fever, sign=sign)
        return first, last, self._joined(parts, fevers, end)

    def _right(
        self, place: int, end: int, parts: list[Group], fevers: list[int], first: int, *, fever: bool, sign: bool
    ) -> int:
        """Adds what stands from `end` on of the group that does; the place after the last group touched."""
        groups, at, value = self._groups, self._signs.at, self._signs.value
        if end == END_OF_TIME:
            return len(groups)
        turns = place < len(at) and at[place] == end
        hot, now = value[place] if turns else (fever, sign)
        if hot and not fever:
            fevers.append(end)
        following = end if now else None
        if following is None:
            ahead = place + 1 if turns else place
            following = at[ahead] if ahead < len(at) else None
        charted = bisect_left(self._charted, end)
        if charted < len(self._charted) and (following is None or self._charted[charted] < following):
            following = self._charted[charted]
        if following is None:
            return len(groups)
        last = bisect_right(groups, (following, END_OF_TIME + 1))
        right = groups[last - 1]
        early = right.begin is not None and right.begin <= end
        parts.append(Group(following, right.reach, _SOMEWHERE if early else right.begin))
        return max(last, first)

    def _joined(self, parts: list[Group], fevers: list[int], end: int) -> list[Group]:
        """Parts by start as groups: joined where the gap is too short, each with its first fever."""
        found: list[Group] = []
        for part in parts:
            last = found[-1] if found else None
            if last is not None and part.start < _later(last.reach):
                begin = last.begin if last.begin is not None else part.begin
                found[-1] = Group(last.start, max(last.reach, part.reach), begin)
            else:
                found.append(part)
        return [self._begun(group, fevers, end) for group in found]

    def _begun(self, group: Group, fevers: list[int], end: int) -> Group:
        """The group with its first fever, looked for after the change only where it is not before or inside it."""
        inside = bisect_left(fevers, group.start)
        early = fevers[inside] if inside < len(fevers) and fevers[inside] <= group.reach else None
        if early is not None and (group.begin is None or early < group.begin):
            return group._replace(begin=early)
        if group.begin == _SOMEWHERE:
            return group._replace(begin=self._first_fever(max(end, group.start), group.reach))
        return group

    def _first_fever(self, start: int, reach: int) -> int | None:
        """The first fever that begins, or CRS charted, on [start, reach]."""
        at, value = self._signs.at, self._signs.value
        place = bisect_left(at, start)
        fever = value[place - 1][0] if place else False
        found = None
        while place < len(at) and at[place] <= reach:
            if value[place][0] and not fever:
                found = at[place]
                break
            fever = value[place][0]
            place += 1
        charted = bisect_left(self._charted, start)
        if charted < len(self._charted) and self._charted[charted] <= reach:
            found = self._charted[charted] if found is None else min(found, self._charted[charted])
        return found

    def _spells(self, groups: list[Group]) -> list[Spell]:
        """The diagnoses that groups make, and from when a drug has been given since."""
        found = []
        for group in groups:
            begin = group.begin
            if begin is None:
                continue
            end = _later(group.reach)
            place = bisect_left(self._doses, begin)
            running = place > 0 and self._stops[place - 1] > begin
            masked = begin if running else self._doses[place] if place < len(self._doses) else END_OF_TIME
            found.append(Spell(begin, end, masked if masked < end else END_OF_TIME))
        return found

    def _pieces(self, spells: list[Spell], start: int, end: int) -> list[tuple[int, Waiver]]:
        """The waiver on [start, end), where no other diagnosis reaches."""
        stated = self._stated.between(start, end)
        if len(stated) == len(spells) == 1:
            (only,), ((_, still),) = spells, stated
            if only.begin <= start and end <= only.end and not start < only.masked < end:
                since = (1.0, 1.0) if start >= only.masked else still[2:4]
                return [(start, (1.0, 1.0, *since, *still[4:]))]
        edges = {start, *(at for at, _ in stated)}
        edges.update(edge for spell in spells for edge in spell if start < edge < end)
        pieces: list[tuple[int, Waiver]] = []
        following = 0
        for at in sorted(edges):
            while following < len(stated) and stated[following][0] <= at:
                following += 1
            waiver = stated[following - 1][1]
            spell = next((spell for spell in spells if spell.begin <= at < spell.end), None)
            if spell is not None:
                masked = (1.0, 1.0) if at >= spell.masked else waiver[2:4]
                waiver = (1.0, 1.0, *masked, *waiver[4:])
            if not pieces or pieces[-1][1] != waiver:
                pieces.append((at, waiver))
        return pieces


def _apart(before: list[Spell], after: list[Spell]) -> tuple[int, int]:
    """A window outside which two lists of diagnoses are alike."""
    if len(before) == len(after) == 1 and before[0].begin == after[0].begin:
        was, now = before[0], after[0]
        if was.masked == now.masked:
            return min(was.end, now.end), max(was.end, now.end)
    both = [*before, *after]
    return min(spell.begin for spell in both), max(spell.end for spell in both)


def _stated(evidence: Evidence) -> Timeline[Waiver]:
    """The waiver as it would be without any sign: what no change of the signs can move."""
    never = Steps.constant(0)
    still = replace(evidence, crs_charted=(), derived={})
    return _bounds(
        masking.diagnosed(still, never, never), masking.masked_since(still, never, never), masking.fever_may_hide(still)
    )


def _bounds(*parts: Steps) -> Timeline[Waiver]:
    grid = joined(*parts)
    bounds = np.stack([bound for part in parts for bound in part.on(grid)], axis=1)
    return Timeline(zip(grid.tolist(), map(tuple, bounds.tolist()), strict=True))
