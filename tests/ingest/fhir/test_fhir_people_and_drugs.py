"""Drugs, infusions, symptom questionnaires, patients, wards and beds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fhir_resources import ReadFhir, bundle, coded, quantity, temperature

from monitoring.concepts import REFERENCE, dictionary
from monitoring.records import Administration, Infusion, Observation, Patient, Placement, SymptomReport
from monitoring.standing import standing
from monitoring.vocabulary import AdministrationAction, Reporter, Severity, Sex

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def given(drug: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Norepinephrine from 08:00 to 10:00 on 1 March 2026."""
    return {
        "resourceType": "MedicationAdministration",
        "id": "m1",
        "status": "completed",
        "medicationCodeableConcept": drug or coded("7512", system=RXNORM),
        "subject": {"reference": "Patient/P1"},
        "effectivePeriod": {"start": "2026-03-01T08:00:00Z", "end": "2026-03-01T10:00:00Z"},
        "dosage": {"rateQuantity": quantity(0.1, "ug/kg/min")},
    } | more


def test_a_stamped_fact_is_the_fact_validation_gives(read: ReadFhir) -> None:
    (row,) = read(temperature())
    (fact,) = row.facts
    again = Observation.model_validate(fact.model_dump())
    assert (fact, fact.fact_id, fact.model_dump_json()) == (again, again.fact_id, again.model_dump_json())
    assert row == type(row)(source=row.source, place=row.place, facts=row.facts)


def test_a_drug_is_found_by_its_ingredient_and_runs_from_start_to_end(read: ReadFhir) -> None:
    (fact,) = read(given())[0].facts
    assert isinstance(fact, Administration)
    assert (fact.drug, fact.dose, fact.unit, fact.action) == ("norepinephrine", 0.1, "ug/kg/min", "interval")
    assert fact.end is not None
    assert (fact.effective_at.hour, fact.end.hour) == (8, 10)


@pytest.mark.parametrize("dosage", ["rateQuantity", "dose"])
def test_a_dose_below_0_is_refused_and_the_drug_still_runs(read: ReadFhir, dosage: str) -> None:
    (row,) = read(given(dosage={dosage: quantity(-0.1, "ug/kg/min")}))
    (fact,) = row.facts
    assert isinstance(fact, Administration)
    assert (fact.drug, fact.dose) == ("norepinephrine", None)
    assert [refusal.field for refusal in row.refusals] == ["dosage"]


@pytest.mark.parametrize(
    ("text", "drug"),
    [
        ("norepinephrine bitartrate 1 MG/ML Injectable Solution", "norepinephrine"),
        ("Paracetamol 240mg suppository (product)", "paracetamol"),
        ("lidocaine 1 % / epinephrine 1:100000", "lidocaine 1 % / epinephrine 1:100000"),
        ("phenylephrine 2.5 % ophthalmic solution", "phenylephrine 2.5 % ophthalmic solution"),
        ("Unspecified tablet", "Unspecified tablet"),
    ],
)
def test_a_drug_in_words_is_the_one_its_words_begin_with_or_is_kept_as_written(
    read: ReadFhir, text: str, drug: str
) -> None:
    assert [fact.drug for fact in read(given({"text": text}))[0].facts if isinstance(fact, Administration)] == [drug]


def test_a_medication_is_found_contained_in_the_bundle_or_is_asked_for(read: ReadFhir) -> None:
    medication = {"resourceType": "Medication", "id": "med", "code": coded("7512", system=RXNORM)}
    one = given(contained=[medication], medicationReference={"reference": "#med"})
    other = given(medicationReference={"reference": "Medication/med"})
    del one["medicationCodeableConcept"], other["medicationCodeableConcept"]
    assert len(read(one)[0].facts) == 1
    assert len(read(bundle(other, medication))[0].facts) == 1
    assert read(other)[0].refusals[0].field == "medicationReference"


@pytest.mark.parametrize(
    ("status", "when", "becomes"),
    [
        ("in-progress", {"effectiveDateTime": "2026-03-01T08:00:00Z"}, "interval"),
        ("in-progress", {"effectivePeriod": {"start": "2026-03-01T08:00:00Z"}}, "interval"),
        ("completed", {"effectivePeriod": {"start": "2026-03-01T08:00:00Z"}}, None),
        ("completed", {"effectiveDateTime": "2026-03-01T08:00:00Z"}, None),
        ("completed", {"effectiveDateTime": "2026-03-01T08:00:00Z", "dosage": {"dose": quantity(1, "mg")}}, "given"),
        ("stopped", {"effectiveDateTime": "2026-03-01T08:00:00Z", "dosage": {}}, "given"),
        ("on-hold", {"effectivePeriod": {"start": "2026-03-01T08:00:00Z"}}, None),
        ("unknown", {"effectiveDateTime": "2026-03-01T08:00:00Z", "dosage": {}}, None),
        ("completed", {"effectiveDateTime": "2026-03-01"}, None),
        ("completed", {}, None),
    ],
)
def test_how_long_a_drug_ran_is_never_guessed(
    read: ReadFhir, status: str, when: dict[str, Any], becomes: str | None
) -> None:
    said = given(status=status)
    del said["effectivePeriod"]
    (row,) = read(said | when)
    actions = [fact.action for fact in row.facts if isinstance(fact, Administration)]
    assert actions == ([AdministrationAction(becomes)] if becomes else [])
    assert bool(row.refusals) is (becomes is None)


def test_a_running_drug_gives_way_to_the_finished_record_in_any_order_and_not_done_withdraws_it(read: ReadFhir) -> None:
    begun = given(status="in-progress", effectivePeriod={"start": "2026-03-01T08:00:00Z"})
    facts = [read(one)[0].facts[0] for one in (begun, given())]
    for some in (facts, facts[::-1]):
        assert [fact.end is not None for fact in standing(some) if isinstance(fact, Administration)] == [True]
    assert standing([*facts, *read(given(status="not-done"))[0].facts]) == []


def infusion(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Procedure",
        "id": "car",
        "status": "completed",
        "code": {"text": "Infusion of tisagenlecleucel"},
        "subject": {"reference": "Patient/P1"},
        "performedDateTime": "2026-03-01T09:00:00Z",
    } | more


@pytest.mark.parametrize(
    ("code", "product"),
    [
        ({"text": "Infusion of tisagenlecleucel"}, "tisagenlecleucel"),
        ({"text": "axicabtagene ciloleucel (Yescarta)"}, "axicabtagene ciloleucel"),
        (coded("XW033J7", system="http://www.cms.gov/Medicare/Coding/ICD10"), "tisagenlecleucel"),
        ({"text": "CAR T-cell infusion"}, None),
    ],
)
def test_an_infusion_is_known_by_the_product_it_names(
    read: ReadFhir, code: dict[str, Any], product: str | None
) -> None:
    (fact,) = read(infusion(code=code))[0].facts
    assert isinstance(fact, Infusion)
    assert (fact.product, fact.effective_at.hour) == (product, 9)


def test_other_procedures_bare_dates_and_infusions_not_done_are_no_infusion(read: ReadFhir) -> None:
    other = read(infusion(code=coded("710824005", system="http://snomed.info/sct", display="Leukapheresis")))[0]
    assert other.ignored_kind == "Procedure 710824005 Leukapheresis"
    assert read(infusion(code={"text": "Leukapheresis for tisagenlecleucel"}))[0].facts == ()
    assert read(infusion(performedDateTime="2026-03-01"))[0].refusals[0].rule == "time"
    done, not_done = read(infusion())[0].facts, read(infusion(status="not-done"))[0].facts
    assert standing([*done, *not_done]) == []


def answered(*answers: tuple[str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "QuestionnaireResponse",
        "id": "q1",
        "status": "completed",
        "questionnaire": "urn:cart-tox:questionnaire:documented-symptoms|1",
        "subject": {"reference": "Patient/P1"},
        "source": {"reference": "RelatedPerson/mother"},
        "authored": "2026-03-01T20:00:00+01:00",
        "item": [{"linkId": "list-crs", "item": [{"linkId": name, "answer": [answer]} for name, answer in answers]}],
    } | more


def test_answers_are_symptom_reports_each_with_its_own_record(read: ReadFhir) -> None:
    (row,) = read(
        answered(
            ("chills", {"valueCoding": {"code": "moderate"}}),
            ("dizziness", {"valueInteger": 0}),
            ("headaches", {"valueString": "Life-threatening"}),
            ("nausea", {"valueInteger": 5}),
        )
    )
    said = [(f.symptom, f.severity, f.reporter, f.record_id) for f in row.facts if isinstance(f, SymptomReport)]
    assert said == [
        ("chills", Severity.MODERATE, Reporter.CAREGIVER, "QuestionnaireResponse/q1/chills"),
        ("dizziness", Severity.NONE, Reporter.CAREGIVER, "QuestionnaireResponse/q1/dizziness"),
        ("headaches", Severity.LIFE_THREATENING, Reporter.CAREGIVER, "QuestionnaireResponse/q1/headaches"),
    ]
    assert [refusal.field for refusal in row.refusals] == ["item[nausea]"]
    assert standing([*row.facts, *read(answered(status="entered-in-error"))[0].facts]) == []


def test_who_answered_and_when_are_needed_and_other_questionnaires_are_passed_over(read: ReadFhir) -> None:
    said = answered(("chills", {"valueInteger": 2}))
    assert read(said | {"source": None})[0].refusals[0].field == "source"
    assert read(said | {"authored": "2026-03-01"})[0].refusals[0].rule == "time"
    other = said | {"questionnaire": "http://example.org/other"}
    assert read(other)[0].ignored_kind == "QuestionnaireResponse to another questionnaire"


def test_the_questionnaire_we_ship_asks_for_every_symptom_by_its_id() -> None:
    shipped = json.loads((REFERENCE / "questionnaire.json").read_text(encoding="utf-8"))
    asked = [item["linkId"] for group in shipped["item"] for item in group.get("item", [])]
    assert sorted(asked) == sorted(dictionary().symptoms)


def test_a_patient_is_read_and_a_death_is_noted(read: ReadFhir) -> None:
    patient = {
        "resourceType": "Patient",
        "id": "P1",
        "gender": "female",
        "birthDate": "1974-12-25",
        "name": [{"use": "usual", "text": "Jim"}, {"use": "official", "family": "Chalmers", "given": ["Ann", "B."]}],
        "deceasedDateTime": "2026-03-02T10:00:00Z",
    }
    person, death = read(patient)[0].facts
    assert isinstance(person, Patient)
    assert (person.name, person.sex, str(person.birth_date)) == ("Ann B. Chalmers", Sex.FEMALE, "1974-12-25")
    assert isinstance(death, Observation)
    assert (death.concept, death.code) == ("deceased", "true")
    (row,) = read(patient | {"birthDate": "1974", "deceasedDateTime": None})
    assert [fact.birth_date for fact in row.facts if isinstance(fact, Patient)] == [None]
    assert [refusal.field for refusal in row.refusals] == ["birthDate"]


def stay(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "in-progress",
        "class": {"code": "IMP"},
        "subject": {"reference": "Patient/P1"},
        "period": {"start": "2026-03-01T08:00:00Z"},
        "location": [{"location": {"reference": "Location/bed"}}],
    } | more


def test_a_stay_is_a_ward_and_a_bed_and_ends_with_its_discharge(read: ReadFhir) -> None:
    bed = {"resourceType": "Location", "id": "bed", "name": "12", "physicalType": coded("bd"), "partOf": {}}
    bed["partOf"] = {"reference": "Location/ward"}
    ward = {"resourceType": "Location", "id": "ward", "name": "4 West", "physicalType": coded("wa")}
    rows = read(bundle(stay(), bed, ward))
    assert [(f.ward, f.bed) for f in rows[0].facts if isinstance(f, Placement)] == [("4 West", "12")]
    assert [row.ignored_kind for row in rows[1:]] == ["Location", "Location"]
    ended = stay(status="finished", period={"start": "2026-03-01T08:00:00Z", "end": "2026-03-05T08:00:00Z"})
    facts = [f for f in read(bundle(ended, bed, ward))[0].facts if isinstance(f, Placement)]
    assert [(f.ward, f.effective_at.day) for f in facts] == [("4 West", 1), (None, 5)]
    withdrawn = read(stay(status="entered-in-error"))[0].facts
    assert standing([*facts, *withdrawn]) == []


def test_a_visit_is_no_place_and_a_place_nobody_describes_is_asked_for(read: ReadFhir) -> None:
    assert read(stay(**{"class": {"code": "AMB"}}))[0].ignored_kind == "Encounter AMB"
    assert read(stay())[0].refusals[0].field == "location[0].location"
    named = stay(location=[{"location": {"reference": "Location/x", "display": "4 West"}}])
    assert [f.ward for f in read(named)[0].facts if isinstance(f, Placement)] == ["4 West"]
