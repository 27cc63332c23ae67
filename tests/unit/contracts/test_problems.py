"""Every problem has a code of its own, both languages, and says what to do."""

import re

import pytest
from samarkiv_contracts.problems import Problem, all_problems


def test_codes_are_unique_and_plain() -> None:
    codes = [problem.code for problem in all_problems()]
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[a-z_]+", code) for code in codes)


@pytest.mark.parametrize("problem", all_problems(), ids=lambda problem: problem.code)
def test_a_problem_tells_both_languages_and_what_to_do(problem: type[Problem]) -> None:
    for language in ("sv", "en"):
        told = problem().told(language)
        assert told["title"]
        assert told["todo"]
        assert told["status"] == problem.status
    assert problem.title.sv != problem.title.en
    assert "något gick fel" not in problem.title.sv.lower()
