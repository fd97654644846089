"""Hostile input: a driver run by hand, what it found, and a short corpus that the suite reads.

21 November 2026, ten minutes each, at low priority beside other work (`python -m tests.fuzz.drive FORMAT 600`):

- csv: 103,579 inputs, nothing found.
- hl7v2: 341,178 inputs, nothing found.
- fhir: within seconds, an array cut short inside NDJSON raised a decoding error through the reader
  (`corpus/broken_array.ndjson`, mended: one refused row); then seven minutes without a finding.
"""
