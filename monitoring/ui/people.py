"""Who is at the screen: the session that the gate vouches for, looked up anew on every run and every refresh."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from monitoring import admission
from monitoring.access import may_open
from monitoring.store import StoreUnavailable
from monitoring.ui import live
from monitoring.ui.spoken import CHOSEN
from monitoring.vocabulary import Reporter, Role

SESSION = "ward_session"
"""Under what `st.user` carries the session's hash; `.streamlit/config.toml` names the header it comes from."""

LEFT = "left"
"""Set where a person signed out by hand, and so is not led back to where they were."""

_OWNER = "owner"

ROLE_NAMES = {
    Role.NURSE: "Nurse",
    Role.PHYSICIAN: "Physician",
    Role.CAREGIVER: "Family or caregiver",
    Role.DATA_MANAGER: "Data manager",
    Role.ADMIN: "Administrator",
    Role.DISPLAY: "Wall screen",
}
"""The roles as the screens word them."""


@dataclass(frozen=True)
class Person:
    """Somebody signed in. `patient_id` is whom a caregiver cares for, None for everybody else.

    `session_id` is the hash of the session, `address` where it was begun.
    """

    role: Role
    name: str
    patient_id: str | None = None
    account_id: str = ""
    session_id: str = ""
    address: str | None = None

    @property
    def author(self) -> str:
        """What every fact charted by this person carries as its author."""
        return f"{self.role.value}:{self.name}"

    @property
    def reporter(self) -> Reporter:
        """In what capacity this person reports a symptom."""
        return {Role.NURSE: Reporter.NURSE, Role.PHYSICIAN: Reporter.PHYSICIAN, Role.CAREGIVER: Reporter.CAREGIVER}.get(
            self.role, Reporter.OTHER
        )


@dataclass(frozen=True)
class _Owner:
    """Whose this Streamlit session is. A tab that comes back as somebody else gets nothing of it (lab.md, 0.5)."""

    session_id: str
    person: Person


def person() -> Person | None:
    """Who is at this screen; None, and nothing left of theirs, once their session is over.

    While the store is silent it is whoever it last was: without the store there is nothing new to show anybody (D80).
    Raises StoreUnavailable where nobody was here before.
    """
    session_id, owner = st.user.get(SESSION), st.session_state.get(_OWNER)
    if not isinstance(session_id, str) or (isinstance(owner, _Owner) and owner.session_id != session_id):
        _forget()
        return None
    try:
        visitor = live.admission().visitor(session_id, live.now())
    except StoreUnavailable:
        if isinstance(owner, _Owner):
            return owner.person
        raise
    if visitor is None:
        _forget()
        return None
    known = visitor.account
    someone = Person(known.role, known.display_name, known.patient_id, known.account_id, session_id, visitor.address)
    st.session_state[_OWNER] = _Owner(session_id, someone)
    return someone


def family_here() -> bool:
    """Whether this screen is, as far as is known, a caregiver's; staff read English."""
    owner = st.session_state.get(_OWNER)
    return isinstance(owner, _Owner) and owner.person.role is Role.CAREGIVER


def may_stay(page: str) -> bool:
    """For a fragment of `page` that refreshes itself: whether to go on. Where not, `st.rerun()` ends the screen.

    A fragment runs without the page's lock, so it asks for the session and the table as `open_screen` does.
    """
    someone = person()
    return someone is not None and may_open(someone.role, page)


def sign_out() -> None:
    """Ends the session, in every tab that it opened, and forgets everything this one holds of it."""
    session_id = st.user.get(SESSION)
    if isinstance(session_id, str):
        live.admission().sign_out(session_id, live.now())
    st.session_state[LEFT] = True
    _forget()


def _forget() -> None:
    for key in [key for key in st.session_state if key not in {LEFT, CHOSEN}]:
        del st.session_state[key]


def patient_key(patient_id: str) -> str:
    """What stands for a patient in an address: never the number itself, and never a name."""
    return admission.patient_key(patient_id, live.address_secret())


def patient_of(key: str, patient_ids: Iterable[str]) -> str | None:
    """The patient whose key stands in the address, or None."""
    return next((patient_id for patient_id in patient_ids if patient_key(patient_id) == key), None)
