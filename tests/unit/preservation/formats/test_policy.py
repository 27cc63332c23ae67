"""The format policy is sound data."""

import re

import pytest
from samarkiv_preservation.derivatives.derive import _TEXT
from samarkiv_preservation.formats.policy import read_policy, standing_policy


def test_every_rule_is_reachable_and_no_format_has_two() -> None:
    policy = standing_policy()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d\.\d+", policy.version)
    seen: set[str] = set()
    for rule in policy.rules:
        own = rule.puids | rule.mimes
        assert own
        assert not own & seen
        seen |= own
        assert rule.text in {"", *_TEXT}
        assert rule.pages in {"", "pdf", "image"}
        assert all(re.fullmatch(r"(x-)?fmt/\d+", puid) for puid in rule.puids)
        if rule.action == "transform":
            assert rule.to
            assert rule.tool in {"office", "text"}


@pytest.mark.parametrize(
    ("puid", "mime", "name"),
    [
        ("fmt/412", "application/octet-stream", "word-processing"),
        ("fmt/214", "", "spreadsheet"),
        ("", "text/plain; charset=utf-8", "text"),
        ("UNKNOWN", "Image/JPEG", "image"),
        ("fmt/477", "application/pdf", "pdf"),
        ("fmt/494", "application/octet-stream", "other"),
        ("", "", "other"),
    ],
)
def test_the_puid_decides_before_the_type(puid: str, mime: str, name: str) -> None:
    assert standing_policy().rule_for(puid, mime).name == name


def test_a_policy_that_says_something_unknown_is_refused() -> None:
    rule = {"name": "x", "match": {}, "risk": {"level": "low"}, "preserve": {"action": "burn"}}
    with pytest.raises(ValueError, match="burn"):
        read_policy({"version": "1", "rules": [rule], "otherwise": rule})
