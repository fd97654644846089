"""The one place that joins store and core: files and screens in, graded views out."""

from monitoring.rounds.arriving import Arrived
from monitoring.rounds.second_reading import CorrectionRefused, Reread
from monitoring.rounds.ward_rounds import ALL_WARDS, IngestReport, Rounds, SourceTally

__all__ = ["ALL_WARDS", "Arrived", "CorrectionRefused", "IngestReport", "Reread", "Rounds", "SourceTally"]
