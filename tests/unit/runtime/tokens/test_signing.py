"""Keys in files: private, the same bytes again, new monthly for tokens."""

import stat
from pathlib import Path

import pytest
from samarkiv_contracts.problems import Unavailable
from samarkiv_runtime.signing import AHEAD_S, MONTH_S, Signer, verify_with


def test_the_same_key_signs_the_same_bytes_alike_after_a_restart(tmp_path: Path) -> None:
    first = Signer.open(tmp_path / "keys", "receipts", lambda: 1000)
    kid, signature = first.sign(b"kvitto")
    again = Signer.open(tmp_path / "keys", "receipts", lambda: 2000)
    assert again.sign(b"kvitto") == (kid, signature)
    assert again.verify(kid, b"kvitto", signature)
    assert not again.verify(kid, b"kvitto!", signature)
    assert not again.verify("unknown", b"kvitto", signature)
    assert verify_with(again.jwks()["keys"][0], b"kvitto", signature)
    assert not verify_with(again.jwks()["keys"][0], b"annat", signature)


def test_receipts_and_tokens_have_keys_of_their_own(tmp_path: Path) -> None:
    receipts = Signer.open(tmp_path, "receipts", lambda: 1000)
    tokens = Signer.open(tmp_path, "tokens", lambda: 1000)
    assert receipts.current.kid != tokens.current.kid
    assert len(receipts.jwks()["keys"]) == 1


def test_key_files_are_private_or_refused(tmp_path: Path) -> None:
    Signer.open(tmp_path, "tokens", lambda: 1000)
    (path,) = tmp_path.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(Unavailable):
        Signer.open(tmp_path, "tokens", lambda: 1000)


def test_a_new_key_is_published_a_day_before_it_signs_and_the_old_one_goes(tmp_path: Path) -> None:
    now = [10_000]
    signer = Signer.open(tmp_path, "tokens", lambda: now[0])
    old = signer.current.kid
    import os

    (path,) = tmp_path.iterdir()
    os.utime(path, (now[0], now[0]))
    assert not signer.rotate()
    now[0] += MONTH_S - AHEAD_S
    assert signer.rotate()
    assert not signer.rotate()
    assert signer.current.kid == old
    assert len(signer.jwks(all_keys=False)["keys"]) == 2
    now[0] += AHEAD_S
    assert signer.current.kid != old
    assert len(signer.jwks(all_keys=False)["keys"]) == 2
    now[0] += 601
    assert [key["kid"] for key in signer.jwks(all_keys=False)["keys"]] == [signer.current.kid]
    assert len(signer.jwks()["keys"]) == 2
