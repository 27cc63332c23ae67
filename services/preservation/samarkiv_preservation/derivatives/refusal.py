"""Why a derivative could not be made."""


class CouldNot(Exception):
    """The file cannot be opened (encrypted, damaged, too large) or the tool is missing; the text says which."""
