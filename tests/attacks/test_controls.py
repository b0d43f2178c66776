"""The list of controls keeps up with the source: nobody switches off what is there no longer."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from jinja2 import Environment

from .cases import GROUPS, case_of
from .controls import CONTROLS
from .controls.control import Control, Edit, OutdatedControlError, edited, switched_off
from .switching import HONEST, ROOT, Outcome, Trial, files_of

CASES = [case for group in GROUPS.values() for case in group]


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
def test_a_control_is_there_once_and_the_package_can_be_read_without_it(control: Control) -> None:
    for path, text in edited(control, ROOT).items():
        assert read(path, text) != read(path, path.read_text("utf-8"))


def read(path: Path, text: str) -> str:
    """What Python, or Jinja, makes of a file, whatever its comments and lines are."""
    if path.suffix == ".py":
        return ast.dump(ast.parse(text))
    return repr(Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(text))


def test_controls_have_names_of_their_own_and_stop_cases_that_exist() -> None:
    assert [
        name for name, times in Counter(one.name for one in CONTROLS).items() if times > 1
    ] == []
    assert [one.name for one in CONTROLS if not one.cases or not set(one.cases) <= set(CASES)] == []


def test_every_case_has_a_control_and_a_test() -> None:
    stopped = {case for control in CONTROLS for case in control.cases}
    assert [case for case in CASES if case not in stopped] == []
    names = [
        name
        for file in files_of(CASES)
        for name in re.findall(r"^def (test_\w+)", (ROOT / file).read_text("utf-8"), re.MULTILINE)
    ]
    assert [case for case in CASES if case not in set(map(case_of, names))] == []
    assert (ROOT / HONEST).exists()


def test_lines_that_are_gone_or_there_twice_are_said(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    tree = tmp_path_factory.mktemp("tree")
    (tree / "flask_lback").mkdir()
    source = tree / "flask_lback" / "gate.py"
    source.write_text("open = 0\nopen = 0\nshut = 1\n")
    gone, twice, once = (
        Control(lines, ("RG-1",), (Edit("gate.py", lines),))
        for lines in ("no such line", "open = 0\n", "shut = 1\n")
    )
    for control in (gone, twice):
        with pytest.raises(OutdatedControlError, match=r"gate\.py holds"):
            edited(control, tree)
    with switched_off(once, tree):
        assert "shut" not in source.read_text()
    assert "shut" in source.read_text()


def test_a_trial_that_shows_nothing_is_a_fault() -> None:
    control = Control("a lock", ("RG-1", "RG-3"), ())
    red, other = {"test_rg_1_x": "assert"}, {"test_rg_3_x": "assert"}
    good = Trial(control, Outcome(failed=red | other))
    assert list(good.faults()) == []
    assert list(Trial(control, Outcome(failed=red)).faults()) == [
        "RG-3 stays green without: a lock"
    ]
    assert list(Trial(control, Outcome()).faults()) == ["no case turns red without: a lock"]
    for outcome in (
        Outcome(failed={**red, **other, "test_honest_use": "assert"}),
        Outcome(failed={**red, **other}, broken={"test_rg_1_y": "no fixture"}),
    ):
        assert len(list(Trial(control, outcome).faults())) == 1
