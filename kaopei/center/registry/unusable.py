"""A fault of a file as a whole."""


class Unusable(ValueError):
    """The pack cannot be taken in as it is; the text says what, where and what to do. Nothing has been applied."""

    exit_status = 2
