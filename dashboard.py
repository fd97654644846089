"""The application. `streamlit run dashboard.py` finds it only as this literal assignment (lab.md, section 0.2)."""

import streamlit as st

from monitoring.api import ROUTES, lifespan
from monitoring.ui.trouble import said_calmly

app = st.App("monitoring/ui/main.py", routes=ROUTES, lifespan=lifespan, on_script_error=said_calmly)
