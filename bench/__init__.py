"""Benchmarks of Kawal beside its peers, in the same run on the same workload: throughput, latency, catch-up, detect."""
