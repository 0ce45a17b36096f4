"""Simulated operations: what vehicles that drive a plan would send, with known faults. Pure and seeded."""
