"""Kafka as every process uses it: the way there, topics followed without a group, plans, log lines, tasks."""
