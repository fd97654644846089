"""Calculator: a bedside picture as a form, every scale at once, shared as JSON. Nothing is stored."""

import streamlit as st

from monitoring.ui.calculator import answers, form, graded, kept_beside, laboratory, opening, sharing, summary
from monitoring.ui.frame import open_screen, style

open_screen("calculator")
style("badge", "scales", "calculator")

st.title("Calculator", anchor=False)
st.text("Nothing here is stored, and nothing is about a patient of this ward. What is not recorded widens the grade.")
bar = st.container(key="verdict-bar")
left, right = st.columns([11, 9], gap="large")
with left, st.container(key="picture"):
    opening()
    picture = form()
with right, st.container(key="answers"):
    found = graded(picture)
    answers(found)
    laboratory(picture)
    kept_beside()
    sharing(picture)
bar.html(summary(found))
