"""What the accuracy benchmark judges, and how: operations and real traces with known faults, and the score."""
