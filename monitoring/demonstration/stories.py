"""The stories of the demonstration ward, as a clinician reads them in `data/demo/stories.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

STORIES = Path(__file__).resolve().parents[2] / "data" / "demo" / "stories.toml"


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Vitals(_Entry):
    """Vital signs as charted: degrees Celsius, per minute, mmHg, percent."""

    temp: float
    sbp: float
    spo2: float


class Baseline(Vitals):
    """A well set of this patient; the pulse and breathing rate of a fever are drawn from it."""

    hr: float
    rr: float


class Frame(Vitals):
    """Vital signs at `h` hours from now; between two frames the course is a straight line."""

    h: float


class Oxygen(_Entry):
    """Oxygen from `h` hours from now on, until the next entry."""

    h: float
    device: str
    flow: float | None = None
    fio2: float | None = None


class Drug(_Entry):
    """A drug from `h` hours from now; `until` absent = one dose, or still running where `running`."""

    h: float
    drug: str
    dose: float | None = None
    unit: str = ""
    route: str = "iv"
    reason: str = ""
    until: float | None = None
    running: bool = False
    rates: tuple[tuple[float, float], ...] = ()


class Neuro(_Entry):
    """A neurological assessment at `h` hours from now; routine assessments repeat it until the next one."""

    h: float
    total: int
    consciousness: str = "awake"
    seizure: str = "none"
    motor: str = "none"
    icp: str = "none"


class Symptom(_Entry):
    """What somebody reported at `h` hours from now."""

    h: float
    symptom: str
    severity: str
    note: str = ""


class Laboratory(_Entry):
    """One blood sample at `h` hours from now, in the units of `data/reference/concepts.toml`."""

    h: float
    ferritin: float
    crp: float
    ldh: float
    creatinine: float
    platelets: float
    anc: float
    hemoglobin: float
    fibrinogen: float
    ast: float
    alt: float


class Expected(_Entry):
    """What the ward must show: grade now as [at_least, at_most], [] where it cannot be graded, and the peaks."""

    crs: tuple[int, ...]
    icans: tuple[int, ...]
    crs_peak: int
    icans_peak: int
    words: tuple[str, ...]


class Story(_Entry):
    """One patient."""

    id: str
    name: str
    tags: tuple[str, ...]
    age: float
    sex: str
    ward: str = "7 North"
    bed: str
    weight_kg: float
    product: str
    indication: str
    infused_days_ago: tuple[int, ...]
    charted_as: Literal["wide", "wide_fahrenheit", "long", "long_fahrenheit", "clif"] = "wide"
    tool: Literal["ICE", "CAPD"] = "ICE"
    low_sbp: float = 90.0
    last_set_minutes: int
    last_neuro_hours: float = 3.0
    last_pressure_hours: float | None = None
    drug_chart: bool = True
    repeat: bool = False
    baseline: Baseline
    frames: tuple[Frame, ...] = ()
    oxygen: tuple[Oxygen, ...] = ()
    drugs: tuple[Drug, ...] = ()
    neuro: tuple[Neuro, ...] = ()
    symptoms: tuple[Symptom, ...] = ()
    laboratory: tuple[Laboratory, ...] = ()
    monitor_adds: int | None = None
    expected: Expected

    @property
    def at_home(self) -> bool:
        """Whether the patient is at home."""
        return self.ward == "home"


class Ward(_Entry):
    """Every story, and the names from which further patients are made."""

    further_families: tuple[str, ...]
    further_given: tuple[str, ...]
    patients: tuple[Story, ...] = Field(min_length=1)


def read_stories(path: Path = STORIES) -> Ward:
    """The stories of a file. Raises OSError, tomllib.TOMLDecodeError, pydantic.ValidationError."""
    return Ward.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def ward_of(patients: int, ward: Ward) -> list[Story]:
    """The first `patients` stories; beyond their number, quiet ones again under other names.

    Raises ValueError for fewer than one patient.
    """
    if patients < 1:
        raise ValueError(
            f"patients = {patients}: expected at least 1; nothing was written, ask for a ward of 1 or more"
        )
    chosen = list(ward.patients[:patients])
    quiet = [story for story in ward.patients if story.repeat]
    for number in range(len(chosen), patients):
        turn, place = divmod(number, len(ward.further_families))
        given = ward.further_given[(turn + place) % len(ward.further_given)]
        again = {
            "id": f"DEMO-{number + 1:02d}",
            "name": f"{ward.further_families[place]}, {given}",
            "bed": f"{number + 1:02d}",
        }
        chosen.append(quiet[number % len(quiet)].model_copy(update=again))
    return chosen
