"""Passwords: argon2id, two at a time; 15–256 characters in NFC, no common words, no rules of composition (POLICY §6)."""

import re
import threading
import unicodedata
from functools import cache
from importlib import resources

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from samarkiv_contracts.findings import Finding, Layer, Severity
from samarkiv_contracts.problems import InvalidInput, TooManyRequests
from samarkiv_contracts.text import Text

SHORTEST, LONGEST = 15, 256
_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
_two = threading.BoundedSemaphore(2)
_queue = threading.BoundedSemaphore(12)


def normal(password: str) -> str:
    """Return the password in NFC."""
    return unicodedata.normalize("NFC", password)


@cache
def _common() -> tuple[str, ...]:
    text = (resources.files("samarkiv_access.identity") / "common.txt").read_text(encoding="utf-8")
    return tuple(sorted(set(text.split()), key=len, reverse=True))


def _is_common(password: str, username: str) -> bool:
    """Return whether little is left when common words, the user name, digits and signs are taken away."""
    rest = password.casefold()
    for word in (username.casefold(), *_common()):
        if len(word) >= 3:
            rest = rest.replace(word, "")
    letters = re.sub(r"[\W\d_]+", "", rest)
    return len(letters) < 4 and not _is_long_number(password)


def _is_long_number(password: str) -> bool:
    digits = re.sub(r"\D", "", password)
    return len(digits) >= SHORTEST and len(set(digits)) >= 6 and digits not in "0123456789" * 30


def check(password: str, username: str = "") -> str:
    """Return the password as it is kept (NFC); raises InvalidInput with a finding that says what is wrong."""
    chosen = normal(password)
    if not SHORTEST <= len(chosen) <= LONGEST:
        raise InvalidInput(
            findings=(
                _wrong(
                    "password_length",
                    f"Lösenordet ska ha {SHORTEST}–{LONGEST} tecken.",
                    f"The password must have {SHORTEST}–{LONGEST} characters.",
                ),
            )
        )
    if len(set(chosen)) < 6 or _is_common(chosen, username):
        raise InvalidInput(
            findings=(
                _wrong(
                    "password_common",
                    "Lösenordet består mest av vanliga ord eller upprepningar.",
                    "The password is mostly common words or repetitions.",
                ),
            )
        )
    return chosen


def _wrong(code: str, sv: str, en: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.ERROR,
        layer=Layer.STRUCTURE,
        message=Text(sv=sv, en=en),
        hint=Text(
            sv="Skriv gärna en mening som bara du kommer att tänka på.",
            en="A sentence that only you would think of is good.",
        ),
        place="password",
    )


def hash_of(password: str) -> str:
    """Return the argon2id hash; about 150 ms and 64 MiB, at most two at a time."""
    with _two:
        return _hasher.hash(normal(password))


# The hash of no password: what an unknown account is compared with, at the same cost.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=1$c2FtYXJraXYtbm9ib2R5MA$wSxq0rQ7bWf0C8PZm3pJx2o4yI5uQm7rVwq2nD9u3dA"


def matches(password: str, kept: str) -> bool:
    """Return whether a password fits; an empty hash (unknown account) costs the same and never fits.

    Raises TooManyRequests when too many wait already.
    """
    offered = normal(password)[: LONGEST + 1]
    # Those who wait hold a thread each: beyond a dozen, the rest are asked to come back.
    if not _queue.acquire(blocking=False):
        raise TooManyRequests(headers={"Retry-After": "2"})
    try:
        with _two:
            return _hasher.verify(kept or _NOBODY, offered) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False
    finally:
        _queue.release()
