"""The five CLIF 2.1 tables we read; `hospitalization_id` is the patient, `*_dttm` the time.

Drug rows stay events of an order: what interval they make is the course's question, not the reader's.
"""

from __future__ import annotations

from monitoring.concepts import folded
from monitoring.ingest.kinds import Kind
from monitoring.ingest.rows import Row
from monitoring.records import Administration, Observation, OxygenSupport
from monitoring.vocabulary import AdministrationAction, OxygenDevice

_VITALS = {
    "tempc": ("temperature", "Cel"),
    "heartrate": ("heart_rate", ""),
    "respiratoryrate": ("respiratory_rate", ""),
    "spo2": ("spo2", ""),
    "sbp": ("sbp", ""),
    "dbp": ("dbp", ""),
    "map": ("map", ""),
    "weightkg": ("weight", "kg"),
}
_ASSESSMENTS = {"rass": "rass", "gcstotal": "gcs_total"}
_DEVICES = {
    "imv": OxygenDevice.MECHANICAL_VENTILATION,
    "nippv": OxygenDevice.BIPAP,
    "cpap": OxygenDevice.CPAP,
    "highflownc": OxygenDevice.HFNC,
    "facemask": OxygenDevice.SIMPLE_MASK,
    "nasalcannula": OxygenDevice.NASAL_CANNULA,
    "roomair": OxygenDevice.ROOM_AIR,
}
_MASKS = frozenset({OxygenDevice.NON_REBREATHER, OxygenDevice.VENTURI})
_ACTIONS = {
    "start": AdministrationAction.START,
    "dosechange": AdministrationAction.DOSE_CHANGE,
    "going": AdministrationAction.DOSE_CHANGE,
    "stop": AdministrationAction.STOP,
    "given": AdministrationAction.GIVEN,
}


def _vitals(row: Row) -> None:
    category = row.text("vital_category")
    if category is None:
        row.refuse("vital_category", "missing", "empty; expected a CLIF vital such as heart_rate. Row not read")
        return
    known = _VITALS.get(folded(category))
    if known is None:
        row.ignored_kind = f"clif_vitals: {category}"
        return
    said = row.at()
    if row.text("vital_value") is None:
        row.ignored_kind = "clif_vitals: empty value"
    concept = row.reading.dictionary.concepts[known[0]]
    value = row.measured("vital_value", concept, known[1])
    if said is not None and value is not None:
        method = ", ".join(filter(None, (row.text("vital_name"), row.text("meas_site_name")))) or None
        row.add(Observation(**said, concept=concept.id, value=value, unit=concept.unit, method=method))


def _respiratory_support(row: Row) -> None:
    said = row.at()
    category = row.text("device_category")
    device = None if category is None else _device(row, category)
    if category is not None and device is None:
        row.refuse(
            "device_category",
            "unknown code",
            "this device stands in no row of the published tables; quarantined, not graded. "
            "Chart the oxygen device on the patient page if it gives oxygen",
        )
        return
    concepts = row.reading.dictionary.concepts
    flow = row.measured("lpm_set", concepts["o2_flow"])
    fio2 = row.measured("fio2_set", concepts["fio2"])
    if device is None and flow is None and fio2 is None:
        row.ignored_kind = "clif_respiratory_support: settings without device"
    elif device is OxygenDevice.ROOM_AIR and (flow or 0) > 0:
        row.refuse(
            "lpm_set",
            "contradiction",
            "oxygen on room air contradicts itself; neither was read. Correct the device or this cell",
        )
    elif said is not None:
        row.add(OxygenSupport(**said, device=device, flow_l_min=flow, fio2=fio2))


def _device(row: Row, category: str) -> OxygenDevice | None:
    """The device of a category; among face masks the device's own name may say which."""
    device = _DEVICES.get(folded(category))
    if device is OxygenDevice.SIMPLE_MASK:
        named = row.reading.dictionary.device(row.text("device_name") or "")
        return named if named in _MASKS else device
    return device


def _medication(row: Row) -> None:
    action = folded(row.text("mar_action_category") or "")
    if action == "notgiven":
        row.ignored_kind = "clif_medication_admin_intermittent: not_given"
        return
    if action not in _ACTIONS:
        row.refuse(
            "mar_action_category",
            "unknown word",
            "expected start, dose_change, going, stop, given or not_given; quarantined. Correct the cell",
        )
        return
    said = row.at()
    drug = row.text("med_category")
    if drug is None:
        row.refuse("med_category", "missing", "empty; expected the drug. Row not read")
    dose = row.dose("med_dose")
    if said is None or drug is None:
        return
    row.add(
        Administration(
            **said,
            drug=drug,
            action=_ACTIONS[action],
            dose=dose,
            unit=row.text("med_dose_unit"),
            route=row.text("med_route_category"),
            order_id=row.text("med_order_id"),
        )
    )


def _assessments(row: Row) -> None:
    category = row.text("assessment_category")
    if category is None:
        row.refuse("assessment_category", "missing", "empty; expected a CLIF assessment such as RASS. Row not read")
        return
    concept_id = _ASSESSMENTS.get(folded(category))
    if concept_id is None:
        row.ignored_kind = f"clif_patient_assessments: {category}"
        return
    said = row.at()
    if row.text("numerical_value") is None:
        row.ignored_kind = f"clif_patient_assessments: {category} without a number"
    concept = row.reading.dictionary.concepts[concept_id]
    value = row.measured("numerical_value", concept)
    if said is not None and value is not None:
        row.add(Observation(**said, concept=concept_id, value=value, unit=concept.unit))


def _columns(time: str, *names: str) -> dict[str, tuple[str, ...]]:
    return {"patient_id": ("hospitalization_id",), "time": (time,), **{name: (name,) for name in names}}


def _needs(*names: str) -> tuple[tuple[str, ...], ...]:
    return tuple((name,) for name in ("patient_id", "time", *names))


_MEDICATION = (
    "med_order_id",
    "med_category",
    "mar_action_category",
    "med_dose",
    "med_dose_unit",
    "med_route_category",
    "med_name",
    "mar_action_name",
    "med_group",
)

VITALS = Kind(
    "clif_vitals",
    _columns("recorded_dttm", "vital_name", "vital_category", "vital_value", "meas_site_name"),
    _needs("vital_category", "vital_value"),
    _vitals,
    (("vital_name", "vital_category", "vital_value", "meas_site_name"),),
)
RESPIRATORY_SUPPORT = Kind(
    "clif_respiratory_support",
    _columns("recorded_dttm", "device_name", "device_category", "fio2_set", "lpm_set"),
    _needs("device_category"),
    _respiratory_support,
    (("device_name", "device_category", "fio2_set", "lpm_set"),),
)
# The continuous and the intermittent table share their header; the action of a row says which it is.
MEDICATION = Kind(
    "clif_medication_admin",
    _columns("admin_dttm", *_MEDICATION),
    _needs("med_category", "mar_action_category"),
    _medication,
)
ASSESSMENTS = Kind(
    "clif_patient_assessments",
    _columns("recorded_dttm", "assessment_name", "assessment_category", "numerical_value"),
    _needs("assessment_category", "numerical_value"),
    _assessments,
    (("assessment_name", "assessment_category", "numerical_value"),),
)
CLIF_KINDS = (VITALS, RESPIRATORY_SUPPORT, MEDICATION, ASSESSMENTS)
