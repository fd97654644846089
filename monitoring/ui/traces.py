"""What a screen leaves in the audit: whom it names, and when looking at a patient counts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from monitoring.access import AccessRefused
from monitoring.access.acts import Act, Channel, Deed, Origin, Seen
from monitoring.rounds import opened
from monitoring.store import StoreUnavailable
from monitoring.store.audit import Audit
from monitoring.ui import live
from monitoring.ui.people import Person

_VIEWS = Seen()


def audit() -> Audit:
    """The audit of the store. Raises StoreUnavailable."""
    return live.rounds().audit


def origin(someone: Person) -> Origin:
    """The person at this screen, as the audit names them."""
    return Origin(someone.account_id, Channel.SCREEN, someone.role, someone.address)


def viewed(someone: Person, patient_id: str) -> None:
    """Records that the patient is shown to `someone`; again by the same session only after VIEW_COUNTS_AGAIN.

    To be asked before anything of the patient is drawn. Raises StoreUnavailable, and then nothing is to be (D102).
    """
    _once(someone, patient_id, Deed(Act.PATIENT_VIEWED, origin(someone), patient_id=patient_id))


def audit_opened(someone: Person) -> None:
    """Records that the audit is read, counted like a view. Raises StoreUnavailable, and then it is not to be shown."""
    _once(someone, "the audit", Deed(Act.AUDIT_READ, origin(someone)))


def traced(someone: Person, about: str, build: Callable[[], bytes]) -> Callable[[], bytes]:
    """What a download button asks for its bytes: recorded first, at the click, and then built.

    For `st.download_button(label, traced(someone, "refused rows", lambda: ...))`; bytes given to it at once would be
    there to fetch without a click. Streamlit runs no page for it, so whether `someone` is still signed in is asked
    here: the button of an ended session works until its websocket is closed. Raises AccessRefused, StoreUnavailable.
    """
    by = origin(someone)

    def built() -> bytes:
        at = live.now()
        if live.admission().visitor(someone.session_id, at) is None:
            raise AccessRefused("You are signed out; nothing was handed out.")
        audit().record(Deed(Act.DOWNLOADED, by, about=about), at)
        return build()

    return built


def ward_opened(someone: Person) -> None:
    """Records that the ward is shown, once a session. It is shown all the same where it cannot be (D102)."""
    with suppress(StoreUnavailable):  # a store that was never opened says so in place of the board
        opened.ward_shown().to(someone.session_id, origin(someone), audit(), live.now())


def _once(someone: Person, what: str, deed: Deed) -> None:
    at = live.now()
    _VIEWS.once(someone.session_id, what, at, lambda: audit().record(deed, at))
