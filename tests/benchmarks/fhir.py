"""FHIR observations read beside the full models of `fhir.resources`, interleaved in one run.

`python -m tests.benchmarks.fhir [--observations N]`. Ours: bytes to facts with every rule applied (codes, units, times,
statuses, ranges, keys that stand twice). Theirs: bytes to a validated model, and nothing after it.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from operator import truediv

from fhir.resources.R4B.bundle import Bundle as FullBundle
from fhir.resources.R4B.observation import Observation as FullModel

from monitoring.concepts import dictionary
from monitoring.ingest.fhir import read_fhir
from monitoring.ingest.rows import Reading

ROUNDS = 5
START = datetime(2026, 3, 1, tzinfo=UTC)
VITALS = (
    ("8310-5", "Body temperature", "Cel", 36.0),
    ("8867-4", "Heart rate", "/min", 70.0),
    ("9279-1", "Respiratory rate", "/min", 14.0),
    ("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry", "%", 94.0),
)
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def lines(count: int) -> list[bytes]:
    """Vital signs as US Core writes them, one resource a line, about 900 bytes each."""
    return [json.dumps(observation(number)).encode() for number in range(count)]


def observation(number: int) -> dict[str, object]:
    """One vital sign; every one has its own id, most their own time."""
    code, display, unit, normal = VITALS[number % len(VITALS)]
    at = START + timedelta(minutes=number // len(VITALS) % 40_000)
    vital = {"coding": [{"system": CATEGORY, "code": "vital-signs", "display": "Vital Signs"}], "text": "Vital Signs"}
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "meta": {
            "lastUpdated": (at + timedelta(minutes=2)).isoformat(),
            "profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-vital-signs"],
        },
        "status": "final",
        "category": [vital],
        "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": display}], "text": display},
        "subject": {"reference": f"Patient/P{number % 30}", "display": f"Patient {number % 30}"},
        "effectiveDateTime": at.isoformat(),
        "performer": [{"reference": "Practitioner/n1", "display": "Night nurse"}],
        "valueQuantity": {
            "value": normal + number % 40 / 10,
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
    }


def ours(raw: bytes) -> int:
    """Facts read."""
    reading = Reading("bench", START + timedelta(days=60), None, dictionary())
    return sum(len(row.facts) for row in read_fhir(io.BytesIO(raw), reading))


def theirs(each: list[bytes]) -> int:
    """Models validated."""
    return sum(FullModel.model_validate_json(line).status == "final" for line in each)


def their_bundle(raw: bytes) -> int:
    """Entries validated."""
    return len(FullBundle.model_validate_json(raw).entry or ())


def seconds(work: object, argument: object) -> float:
    """Processor time of one call."""
    start = time.process_time()
    work(argument)  # type: ignore[operator]
    return time.process_time() - start


def main() -> None:
    """Print microseconds an observation and the ratio, best and median of interleaved rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--observations", type=int, default=4000)
    count = parser.parse_args().observations
    each = lines(count)
    ndjson = b"\n".join(each)
    bundle = b'{"resourceType":"Bundle","type":"collection","entry":[%s]}' % b",".join(
        b'{"resource":%s}' % line for line in each
    )
    assert ours(ndjson) == ours(bundle) == theirs(each) == count
    times: dict[str, list[float]] = {
        "models, one each": [],
        "models, Bundle": [],
        "ours, NDJSON": [],
        "ours, Bundle": [],
    }
    for _ in range(ROUNDS):
        times["models, one each"].append(seconds(theirs, each))
        times["models, Bundle"].append(seconds(their_bundle, bundle))
        times["ours, NDJSON"].append(seconds(ours, ndjson))
        times["ours, Bundle"].append(seconds(ours, bundle))
    print(f"{count} Observations of {len(ndjson) // count} bytes, {ROUNDS} interleaved rounds")
    for name, taken in times.items():
        median, best = statistics.median(taken), min(taken)
        ratios = [
            statistics.median(map(truediv, times[peer], taken)) for peer in ("models, one each", "models, Bundle")
        ]
        print(
            f"{name:17} {median / count * 1e6:8.1f} us median {best / count * 1e6:8.1f} us best"
            f"  {ratios[0]:6.1f}x one each {ratios[1]:6.1f}x Bundle"
        )
    tracemalloc.start()
    reading = Reading("bench", START + timedelta(days=60), None, dictionary())
    for _ in read_fhir(io.BytesIO(ndjson), reading):
        pass
    print(
        f"NDJSON of {len(ndjson) / 1e6:.1f} MB read in {tracemalloc.get_traced_memory()[1] / 1e6:.1f} MB added memory"
    )


if __name__ == "__main__":
    main()
