"""What a screen leaves in the audit: whom it names, and when looking at a patient counts."""

from __future__ import annotations

import logging
from datetime import timedelta

from monitoring.access.acts import Act, Channel, Deed, Origin, Seen
from monitoring.store import StoreUnavailable
from monitoring.store.audit import Audit
from monitoring.ui import live
from monitoring.ui.people import Person

_LOG = logging.getLogger(__name__)
_VIEWS = Seen()
_WARDS = Seen(timedelta(hours=13))


def audit() -> Audit:
    """The audit of the store. Raises StoreUnavailable."""
    return live.rounds().audit


def origin(someone: Person) -> Origin:
    """The person at this screen, as the audit names them."""
    return Origin(someone.account_id, Channel.SCREEN, someone.role, someone.address)


def trace(someone: Person, act: Act, *, about: str | None = None, how_many: int | None = None) -> None:
    """Records `act` before it is done. Raises StoreUnavailable, and then it is not to be done."""
    audit().record(Deed(act, origin(someone), about=about, how_many=how_many), live.now())


def viewed(someone: Person, patient_id: str) -> None:
    """Records that the patient is shown to `someone`; again by the same session only after VIEW_COUNTS_AGAIN.

    To be asked before anything of the patient is drawn. Raises StoreUnavailable, and then nothing is to be (D102).
    """
    _once(_VIEWS, someone, patient_id, Deed(Act.PATIENT_VIEWED, origin(someone), patient_id=patient_id))


def ward_opened(someone: Person) -> None:
    """Records that the ward is shown, once a session. It is shown all the same where it cannot be (D102)."""
    try:
        _once(_WARDS, someone, "ward", Deed(Act.WARD_OPENED, origin(someone)))
    except StoreUnavailable as silent:
        _LOG.warning("the ward is shown without an entry in the audit: %s", silent)


def _once(seen: Seen, someone: Person, what: str, deed: Deed) -> None:
    at = live.now()
    if not seen.counts(someone.session_id, what, at):
        return
    try:
        audit().record(deed, at)
    except BaseException:
        seen.forget(someone.session_id, what)
        raise
