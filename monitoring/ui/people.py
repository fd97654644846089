"""Who is at the screen: a role and a name chosen at sign-in, standing in for accounts until they come."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from monitoring.vocabulary import Reporter, Role

_SLOT = "person"

ROLE_NAMES = {
    Role.NURSE: "Nurse",
    Role.PHYSICIAN: "Physician",
    Role.CAREGIVER: "Family or caregiver",
    Role.DATA_MANAGER: "Data manager",
}
"""The roles a person may choose, as the sign-in screen words them."""

START = {
    Role.NURSE: "ward",
    Role.PHYSICIAN: "ward",
    Role.CAREGIVER: "home",
    Role.DATA_MANAGER: "intake",
}
"""The page a role starts on."""

PAGES = {
    Role.NURSE: ("ward", "patient", "calculator", "intake"),
    Role.PHYSICIAN: ("ward", "patient", "calculator", "intake"),
    Role.CAREGIVER: ("home",),
    Role.DATA_MANAGER: ("intake", "ward", "patient", "calculator"),
}
"""The pages a role may open."""


@dataclass(frozen=True)
class Person:
    """Somebody signed in. `patient_id` is whom a caregiver cares for, None for everybody else."""

    role: Role
    name: str
    patient_id: str | None = None

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


def person() -> Person | None:
    """Who is signed in to this session, or None."""
    someone = st.session_state.get(_SLOT)
    return someone if isinstance(someone, Person) else None


def sign_in(someone: Person) -> None:
    """From now on this session is `someone`'s."""
    st.session_state[_SLOT] = someone


def sign_out() -> None:
    """Forgets the person and everything the session holds of theirs."""
    st.session_state.clear()


def patient_key(patient_id: str) -> str:
    """What stands for a patient in an address: never the number itself, and never a name."""
    return hashlib.blake2b(patient_id.encode(), digest_size=8, person=b"address").hexdigest()


def patient_of(key: str, patient_ids: Iterable[str]) -> str | None:
    """The patient whose key stands in the address, or None."""
    return next((patient_id for patient_id in patient_ids if patient_key(patient_id) == key), None)
