"""Views to figures. No Streamlit."""

from monitoring.charts.figure import patient_figure
from monitoring.charts.ink import GRADE_COLOURS

__all__ = ["GRADE_COLOURS", "patient_figure"]
