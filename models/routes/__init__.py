"""Readers of route files, one a format, and what is done to every line that they find."""
