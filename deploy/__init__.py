"""How Kawal is run: the embedded broker and, beside it, what a larger installation needs."""
