"""What every process uses: Kafka and its topics, plans, dead letters; log lines, tasks, sockets and metrics."""
