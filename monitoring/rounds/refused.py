"""What was refused and what was not understood: looked at, corrected, read again, set aside, mapped."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, tzinfo

from monitoring.access.acts import Act, Origin
from monitoring.concepts import Dictionary
from monitoring.records import Refusal, RowRead
from monitoring.rounds.deeds import deed
from monitoring.rounds.second_reading import CorrectionRefused, Reader, Reread, correct, replay
from monitoring.settings import Settings
from monitoring.store import AlreadyResolved, CodeMapping, CodeSeen, HeldRefusal, HeldRow, Span, State, Store


class Refused:
    """The quarantine of a store, as the screens and the commands ask it. `by` is who the audit names.

    Every method raises StoreUnavailable when the store does not answer.
    """

    def __init__(self, store: Store, settings: Settings, dictionary: Dictionary) -> None:
        self._store = store
        self._settings = settings
        self._dictionary = dictionary
        self._reading = (0, dictionary)
        self.audit = store.audit

    def refusals(self, source: str | None = None) -> list[Refusal]:
        """What was refused, of one source or of all."""
        return self._store.refusals(source)

    def open_refusals(
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
        return self._store.quarantine.refusals(
            source=source, rule=rule, field=field, arrived=arrived, state=state, limit=limit, after=after
        )

    def refused_rows(
        self,
        *,
        source: str | None = None,
        rule: str | None = None,
        field: str | None = None,
        arrived: Span | None = None,
        state: State = "open",
    ) -> int:
        """In how many rows `open_refusals` finds something."""
        return self._store.quarantine.how_many(source=source, rule=rule, field=field, arrived=arrived, state=state)

    def refusal_kinds(self, state: State = "open") -> list[tuple[str, str | None, str | None]]:
        """Each (source, rule, field) there is a refusal of, sorted; an empty field is a row refused as a whole."""
        return self._store.quarantine.kinds(state)

    def held_refusal(self, refusal_id: int) -> HeldRefusal | None:
        """The refusal of that id, or None."""
        return self._store.quarantine.refusal(refusal_id)

    def preview(self, held: HeldRow, raw: str, *, at: datetime, tz: tzinfo | None = None) -> list[RowRead]:
        """What `correct` would read in the text `raw` in the place of a held row; nothing is stored."""
        return self._reader(at, tz).rows(held, raw)

    def refusal_counts(self) -> dict[tuple[str, str | None], int]:
        """Open refused rows by (source, rule), most first."""
        return self._store.quarantine.counts()

    def correct(
        self,
        refusal_id: int,
        raw: str,
        *,
        author: str,
        at: datetime,
        tz: tzinfo | None = None,
        by: Origin | None = None,
    ) -> Reread:
        """The row of a refusal with its text corrected, read and stored as new facts by `author`.

        `tz` is for times without an offset where the row had no zone. Where anything in it is refused still,
        nothing is stored. Raises CorrectionRefused for a row that cannot be corrected here.
        """
        held = self._store.quarantine.refusal(refusal_id)
        if held is None:
            raise CorrectionRefused(f"there is no refusal {refusal_id}; look at the list again")
        try:
            return correct(self._store, self._reader(at, tz, by), held, raw, author)
        except AlreadyResolved as faster:
            raise CorrectionRefused(str(faster)) from faster

    def replay(
        self,
        ids: Collection[int] | None = None,
        *,
        author: str,
        at: datetime,
        tz: tzinfo | None = None,
        by: Origin | None = None,
    ) -> Reread:
        """Rows that wait, read again as they came: those of the refusals named, or all, unmapped codes included.

        To be asked after a mapping or the dictionary changed. Asking twice changes nothing. Raises CorrectionRefused
        where somebody resolved one of them at the same moment; ask again.
        """
        rows = self._store.quarantine.waiting(None if ids is None else self._keys(ids))
        try:
            return replay(self._store, self._reader(at, tz, by), rows, author)
        except AlreadyResolved as faster:
            raise CorrectionRefused(f"{faster}. Ask again for the rest") from faster

    def dismiss(self, ids: Collection[int], *, author: str, at: datetime, reason: str, by: Origin | None = None) -> int:
        """Set rows aside with a reason; how many were open. Raises ValueError without a reason."""
        said = deed(Act.ROWS_DISMISSED, by, len(ids))
        return self._store.quarantine.dismiss(self._keys(ids), author=author, at=at, reason=reason, deed=said)

    def unmapped_codes(self) -> list[CodeSeen]:
        """Codes nobody had mapped when they arrived, in rows that wait for it, those in most rows first."""
        return self._store.quarantine.unmapped()

    def code_mappings(self) -> list[CodeMapping]:
        """What the site says its codes mean now."""
        return self._store.quarantine.mappings()

    def map_code(
        self,
        code: str,
        concept: str | None,
        *,
        system: str = "",
        author: str,
        at: datetime,
        by: Origin | None = None,
    ) -> None:
        """Say what a code means from now on; None: never a vital sign. Rows that wait for it are for `replay`.

        Raises ValueError for a concept the dictionary does not have.
        """
        if concept is not None and concept not in self._dictionary.concepts:
            raise ValueError(f"there is no concept {concept!r}; expected one of {', '.join(self._dictionary.concepts)}")
        said = deed(Act.CODE_MAPPED, by, about=concept)
        self._store.quarantine.map_code(system, code, concept, author=author, at=at, deed=said)

    def _keys(self, ids: Collection[int]) -> set[str]:
        found = (self._store.quarantine.refusal(one) for one in ids)
        return {held.row.key for held in found if held is not None}

    def _reader(self, at: datetime, tz: tzinfo | None, by: Origin | None = None) -> Reader:
        return Reader(self._with_mappings(), at, tz or self._settings.file_zone, by)

    def _with_mappings(self) -> Dictionary:
        """The dictionary with what the site says its codes mean, built anew when it says more."""
        version = self._store.quarantine.mappings_version()
        if version != self._reading[0]:
            said = ((one.system, one.code, one.concept) for one in self._store.quarantine.mappings())
            self._reading = (version, self._dictionary.with_mappings(said))
        return self._reading[1]
