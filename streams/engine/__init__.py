"""The pure numeric core: columns and state in, transitions out. No clock, no input or output, no objects."""
