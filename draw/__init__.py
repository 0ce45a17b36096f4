"""Pictures: SVG and pages of plans, shared by whoever draws; text in them stays text."""
