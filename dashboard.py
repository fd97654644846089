"""The application. `streamlit run dashboard.py` finds it only as this literal assignment (lab.md, section 0.2)."""

import streamlit as st
from starlette.middleware import Middleware

from monitoring.api import ROUTES, Gate, Timed, fault_of_ours, lifespan
from monitoring.ui.activity import by_a_person
from monitoring.ui.trouble import said_calmly

app = st.App(
    "monitoring/ui/main.py",
    routes=ROUTES,
    middleware=[Middleware(Timed), Middleware(Gate, by_a_person=by_a_person)],
    lifespan=lifespan,
    on_script_error=said_calmly,
    exception_handlers={Exception: fault_of_ours},
)
