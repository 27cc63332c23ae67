"""Who is who: accounts, passwords, sessions, grants, program tokens, and the tokens that other services verify."""

from samarkiv_access.identity.house import Identities

__all__ = ["Identities"]
