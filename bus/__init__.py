"""Kafka as every process uses it: topics followed without a group, their settings, plans, log lines, tasks."""
