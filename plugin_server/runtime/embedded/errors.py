"""What goes wrong with servers of our own."""


class EmbeddedError(Exception):
    """A server of our own cannot run here. The message is for people: what is wrong and what to do about it."""
