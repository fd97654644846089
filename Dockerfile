FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home monitoring
WORKDIR /srv/monitoring
COPY requirements.txt requirements-lock.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY dashboard.py ./
COPY .streamlit .streamlit
COPY monitoring monitoring
COPY pages pages
COPY data/reference data/reference
USER monitoring
EXPOSE 8501
CMD ["streamlit", "run", "dashboard.py", "--server.headless", "true", "--server.address", "0.0.0.0", "--server.port", "8501"]
