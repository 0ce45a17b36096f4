"""Grafana: what it loads at its start, and the dashboards, written from Python by `python -m deploy.grafana`."""
