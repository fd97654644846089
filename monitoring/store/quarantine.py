"""The quarantine: rows held as they came, what became of them later, and what a site's own codes mean.

A row that was refused, or that names a code nobody has mapped, is held once however often it is sent. It waits until
it is resolved: corrected by a person, read again after a mapping or dictionary changed, or dismissed with a reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, Select, and_, distinct, exists, func, insert, select

from monitoring.access.acts import Deed
from monitoring.records import Refusal
from monitoring.store import tables
from monitoring.store.audit import recorded
from monitoring.store.engine import reading
from monitoring.store.holding import Closing, How, by_some, close, resolved

State = Literal["open", "resolved", "all"]
Span = tuple[datetime, datetime]
_ROWS_AT_A_TIME = 500


@dataclass(frozen=True)
class Resolution:
    """What became of a held row."""

    how: How
    author: str
    at: datetime
    raw: str | None
    reason: str | None


@dataclass(frozen=True)
class HeldRow:
    """A row as it came. `zone` names the one applied to its times without an offset."""

    key: str
    source: str
    place: str
    raw: str | None
    context: str | None
    zone: str | None


@dataclass(frozen=True)
class HeldRefusal:
    """One refusal and what became of it. A file sent again repeats it: `times`, and `received_at` of the first.

    `author` is who sent the row first. `row.key` is shared by every refusal of one row; they are resolved together.
    """

    id: int
    refusal: Refusal
    row: HeldRow
    received_at: datetime
    author: str | None
    times: int
    resolution: Resolution | None


@dataclass(frozen=True)
class CodeSeen:
    """A code nobody had mapped when it arrived, in rows that still wait. `example` is a place a person can open.

    `mapped` is True where it is mapped by now: the rows wait for a replay. `concept` is then what it is mapped to.
    """

    code: str
    system: str
    label: str | None
    rows: int
    example: str
    first: datetime
    last: datetime
    mapped: bool
    concept: str | None


@dataclass(frozen=True)
class CodeMapping:
    """What a site says a code means; without a concept it is never a vital sign."""

    system: str
    code: str
    concept: str | None
    author: str
    at: datetime


class Quarantine:
    """The quarantine of an open store. Every method raises StoreUnavailable when the database does not answer."""

    def __init__(self, opened: Engine) -> None:
        self._engine = opened

    def refusals(
        self,
        *,
        source: str | None = None,
        rule: str | None = None,
        field: str | None = None,
        arrived: Span | None = None,
        state: State = "open",
        limit: int | None = None,
        after: int = 0,
    ) -> list[HeldRefusal]:
        """Refusals with an id above `after`, in order, each once however often it was sent.

        An empty `field` is a row refused as a whole; `arrived` is from its first moment to before its second.
        """
        refusal = tables.refusal.c
        wanted = _narrowed(_refusals(), source, rule, field, arrived, state).where(refusal.seq > after)
        with reading(self._engine) as connection:
            return [_held_refusal(row) for row in connection.execute(wanted.order_by(refusal.seq).limit(limit))]

    def how_many(
        self,
        *,
        source: str | None = None,
        rule: str | None = None,
        field: str | None = None,
        arrived: Span | None = None,
        state: State = "open",
    ) -> int:
        """In how many held rows `refusals` finds something."""
        wanted = _narrowed(_refusals(), source, rule, field, arrived, state)
        with reading(self._engine) as connection:
            found = wanted.with_only_columns(func.count(distinct(tables.refusal.c.held)), maintain_column_froms=True)
            return connection.execute(found).scalar() or 0

    def kinds(self, state: State = "open") -> list[tuple[str, str | None, str | None]]:
        """Each (source, rule, field) there is a refusal of, sorted; an empty field is a row refused as a whole."""
        one = tables.refusal.c
        wanted = select(one.source, one.rule, one.field).distinct()
        wanted = _narrowed(wanted.select_from(_with_resolution(tables.refusal, one.held)), state=state)
        with reading(self._engine) as connection:
            found = connection.execute(wanted).all()
        return sorted(
            {(row.source, row.rule, row.field or "") for row in found}, key=lambda kind: [w or "" for w in kind]
        )

    def refusal(self, refusal_id: int) -> HeldRefusal | None:
        """The refusal of that id, or None."""
        with reading(self._engine) as connection:
            row = connection.execute(_refusals().where(tables.refusal.c.seq == refusal_id)).one_or_none()
        return None if row is None else _held_refusal(row)

    def counts(self) -> dict[tuple[str, str | None], int]:
        """Open refusals by (source, rule), most first."""
        refusal = tables.refusal.c
        counted = func.count(distinct(refusal.held))
        wanted = (
            select(refusal.source, refusal.rule, counted)
            .select_from(_with_resolution(tables.refusal, refusal.held))
            .where(tables.resolution.c.seq.is_(None))
            .group_by(refusal.source, refusal.rule)
            .order_by(counted.desc(), refusal.source, refusal.rule)
        )
        with reading(self._engine) as connection:
            return {(source, rule): count for source, rule, count in connection.execute(wanted)}

    def waiting(self, keys: Collection[str] | None = None) -> Iterator[HeldRow]:
        """Held rows not resolved yet, all or those named, in the order they came."""
        held = tables.held.c
        wanted = (
            select(tables.held)
            .select_from(_with_resolution(tables.held, held.key))
            .where(tables.resolution.c.seq.is_(None))
            .order_by(held.seq)
            .limit(_ROWS_AT_A_TIME)
        )
        if keys is not None:
            for some in by_some(sorted(keys)):
                with reading(self._engine) as connection:
                    rows = connection.execute(wanted.where(held.key.in_(some))).all()
                yield from map(_held_row, rows)
            return
        last = 0
        while True:
            with reading(self._engine) as connection:
                rows = connection.execute(wanted.where(held.seq > last)).all()
            if not rows:
                return
            last = rows[-1].seq
            yield from map(_held_row, rows)

    def dismiss(
        self, keys: Collection[str], *, author: str, at: datetime, reason: str, deed: Deed | None = None
    ) -> int:
        """Resolve held rows, storing nothing of them; how many were open. Raises ValueError without a reason."""
        if not reason.strip():
            raise ValueError("a row is dismissed with a reason; say why it needs no correction")
        with recorded(self._engine, deed, at) as connection:
            open_keys = sorted(set(keys) - {row.held for row in resolved(connection, keys)})
            close(connection, [Closing(key, "dismissed", author, at, reason=reason) for key in open_keys], None)
        return len(open_keys)

    def unmapped(self) -> list[CodeSeen]:
        """The unmapped codes of rows that still wait, those in most rows first."""
        seen, held = tables.unmapped.c, tables.held.c
        counted = func.count(distinct(seen.held)).label("rows")
        wanted = (
            select(
                seen.system,
                seen.code,
                func.max(seen.label).label("label"),
                counted,
                func.min(held.seq).label("example"),
                func.min(seen.received_at).label("first"),
                func.max(seen.received_at).label("last"),
            )
            .select_from(_with_resolution(tables.unmapped, seen.held).join(tables.held, held.key == seen.held))
            .where(tables.resolution.c.seq.is_(None))
            .group_by(seen.system, seen.code)
            .order_by(counted.desc(), seen.system, seen.code)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(wanted).all()
            examples = select(held.seq, held.source, held.place).where(held.seq.in_([row.example for row in rows]))
            places = {row.seq: f"{row.source}:{row.place}" for row in connection.execute(examples)}
            mapped = {(one.system, one.code): one for one in _mappings(connection)}
        return [_code_seen(row, places[row.example], mapped.get((row.system, row.code))) for row in rows]

    def map_code(
        self, system: str, code: str, concept: str | None, *, author: str, at: datetime, deed: Deed | None = None
    ) -> None:
        """Say what a code means from now on; the caller knows that the concept exists. Earlier words stay."""
        values = {"system": system, "code": code, "concept": concept, "author": author, "at": tables.to_micros(at)}
        with recorded(self._engine, deed, at) as connection:
            connection.execute(insert(tables.mapping).values(values))

    def mappings(self) -> list[CodeMapping]:
        """What each mapped code means now, by system and code."""
        with reading(self._engine) as connection:
            return sorted(_mappings(connection), key=lambda one: (one.system, one.code))

    def mappings_version(self) -> int:
        """A number that grows with every mapping; 0 without any."""
        with reading(self._engine) as connection:
            return connection.execute(select(func.max(tables.mapping.c.seq))).scalar() or 0


def refused_select() -> Select[Any]:
    """Every refusal as it came, with the text of its row."""
    return select(tables.refusal, tables.held.c.raw.label("held_raw")).outerjoin(
        tables.held, tables.held.c.key == tables.refusal.c.held
    )


def refusal_of(row: Row[Any]) -> Refusal:
    """The record of one row of `refused_select`."""
    return Refusal(
        source=row.source,
        place=row.place,
        field=row.field,
        value=row.value,
        reason=row.reason,
        raw=row.held_raw,
        rule=row.rule,
    )


def _with_resolution(table: Any, key: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's tables, columns and joins
    return table.outerjoin(tables.resolution, tables.resolution.c.held == key)


def _refusals() -> Select[Any]:
    """Each refusal once, by the first time it was told, with its held row and resolution."""
    one, held, done = tables.refusal.c, tables.held.c, tables.resolution.c
    again = tables.refusal.alias("again")
    alike = and_(
        again.c.held == one.held,
        again.c.field.is_not_distinct_from(one.field),
        again.c.value.is_not_distinct_from(one.value),
        again.c.reason == one.reason,
    )
    times = select(func.count()).select_from(again).where(alike).correlate(tables.refusal).scalar_subquery()
    told_before = exists().where(alike, again.c.seq < one.seq).correlate(tables.refusal)
    joined = tables.refusal.join(tables.held, held.key == one.held).outerjoin(tables.resolution, done.held == one.held)
    return (
        select(
            tables.refusal,
            times.label("times"),
            held.raw.label("held_raw"),
            held.context,
            held.zone,
            done.how,
            done.author.label("resolver"),
            done.at.label("resolved_at"),
            done.raw.label("resolved_raw"),
            done.reason.label("resolved_reason"),
        )
        .select_from(joined)
        .where(~told_before)
    )


def _narrowed(
    wanted: Select[Any],
    source: str | None = None,
    rule: str | None = None,
    field: str | None = None,
    arrived: Span | None = None,
    state: State = "open",
) -> Select[Any]:
    one, done = tables.refusal.c, tables.resolution.c.seq
    if source is not None:
        wanted = wanted.where(one.source == source)
    if rule is not None:
        wanted = wanted.where(one.rule == rule)
    if field is not None:
        wanted = wanted.where(one.field == field if field else one.field.is_(None))
    if arrived is not None:
        start, end = map(tables.to_micros, arrived)
        wanted = wanted.where(one.received_at >= start, one.received_at < end)
    if state == "all":
        return wanted
    return wanted.where(done.is_(None) if state == "open" else done.is_not(None))


def _held_refusal(row: Row[Any]) -> HeldRefusal:
    resolution = None
    if row.how is not None:
        at = tables.from_micros(row.resolved_at)
        resolution = Resolution(row.how, row.resolver, at, row.resolved_raw, row.resolved_reason)
    return HeldRefusal(
        id=row.seq,
        refusal=refusal_of(row),
        row=HeldRow(row.held, row.source, row.place, row.held_raw, row.context, row.zone),
        received_at=tables.from_micros(row.received_at),
        author=row.author,
        times=row.times,
        resolution=resolution,
    )


def _held_row(row: Row[Any]) -> HeldRow:
    return HeldRow(row.key, row.source, row.place, row.raw, row.context, row.zone)


def _mappings(connection: Connection) -> list[CodeMapping]:
    latest: dict[tuple[str, str], CodeMapping] = {}
    for row in connection.execute(select(tables.mapping).order_by(tables.mapping.c.seq)):
        at = tables.from_micros(row.at)
        latest[row.system, row.code] = CodeMapping(row.system, row.code, row.concept, row.author, at)
    return list(latest.values())


def _code_seen(row: Row[Any], example: str, mapping: CodeMapping | None) -> CodeSeen:
    return CodeSeen(
        code=row.code,
        system=row.system,
        label=row.label,
        rows=row.rows,
        example=example,
        first=tables.from_micros(row.first),
        last=tables.from_micros(row.last),
        mapped=mapping is not None,
        concept=mapping.concept if mapping else None,
    )
