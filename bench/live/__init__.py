"""The live traffic of the latency benchmark: what is sent, and the process that sends it."""
