"""What can go wrong with the embedded broker."""


class EmbeddedKafkaError(RuntimeError):
    """The embedded broker cannot start or went away; the message is one line that says what to do."""
