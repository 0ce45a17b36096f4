"""What can go wrong with keys and accounts."""


class SecurityError(ValueError):
    """The folder of keys cannot be used; the message says what to do."""
