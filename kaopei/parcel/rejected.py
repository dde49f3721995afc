"""The one exception of this room: what was handed in is not what it claims to be."""


class Rejected(ValueError):
    """Bytes, a signature, a key or a share that may not be believed.

    `code` is short and stable (for events and tests); the text is for people: what, where, what to do.
    """

    exit_status = 2

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
