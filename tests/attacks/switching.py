"""``make controls``: switch the controls off one by one, and show which attack each one stops.

A control is a few lines of the package. Each is taken out in a copy of the tree, the tests of the
attacks that it is there for are run on the copy, and every one of these attacks has to succeed:
its tests turn red. A case that no control turns red is not shown to be refused by anything.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree  # nosec B405 - pytest's own report is read

from tests.attacks.cases import GROUPS, case_of, prefix_of

ROOT = Path(__file__).parents[2]
_COPIED = ("flask_lback", "tests", "pyproject.toml", "setup.cfg")


@dataclass(frozen=True)
class Control:
    """Some lines that refuse something.

    :ivar name: what it does, in words.
    :ivar cases: the attacks that succeed without it.
    :ivar edits: how it is switched off: a file of the package, lines that it holds exactly once,
        and what they become. Several, where one guard stands behind another.
    """

    name: str
    cases: tuple[str, ...]
    edits: tuple[tuple[str, str, str], ...]


def switch_off(control: Control, tree: Path) -> dict[Path, str]:
    """Take a control out of a copy; gives back the files as they were.

    :raises SystemExit: its lines are not there exactly once: the list is out of date.
    """
    before: dict[Path, str] = {}
    for file, lines, without in control.edits:
        path = tree / "flask_lback" / file
        text = path.read_text("utf-8")
        if text.count(lines) != 1:
            raise SystemExit(f"{control.name}: {file} does not hold its lines exactly once.")
        before.setdefault(path, text)
        path.write_text(text.replace(lines, without), "utf-8")
    return before


def run(tree: Path, cases: Iterable[str]) -> dict[str, bool]:
    """The tests of these cases, by name: whether each passed."""
    report = tree / "report.xml"
    report.unlink(missing_ok=True)
    wanted = " or ".join(prefix_of(case) for case in cases)
    command = [sys.executable, "-m", "pytest", "tests/attacks", "-k", wanted, "-q", "--tb=no"]
    command += ["-p", "no:cacheprovider", f"--junitxml={report}"]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(command, cwd=tree, env=environment, capture_output=True, check=False)
    if not report.exists():
        raise SystemExit(f"The tests of {wanted} could not be run in {tree}.")
    passed = {}
    for test in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - made by pytest
        outcome = {child.tag for child in test}
        if "skipped" not in outcome:
            passed[test.attrib["name"]] = not outcome & {"failure", "error"}
    return passed


def red_cases(results: dict[str, bool]) -> set[str]:
    """The cases of which at least one test failed."""
    return {case for name, passed in results.items() if not passed and (case := case_of(name))}


def copy_of_the_tree(place: Path) -> Path:
    """The package and its tests, to be changed."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=ignored)
        elif source.exists():
            shutil.copy(source, place / name)
    return place


def main(words: Sequence[str]) -> int:
    """Try the controls whose name holds one of the words, or all; 1 when a case is left over."""
    from tests.attacks.controls import CONTROLS

    chosen = [one for one in CONTROLS if not words or any(word in one.name for word in words)]
    stopped: dict[str, list[str]] = defaultdict(list)
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        tree = copy_of_the_tree(Path(folder))
        for control in chosen:
            before = switch_off(control, tree)
            red = red_cases(run(tree, control.cases))
            for path, text in before.items():
                path.write_text(text, "utf-8")
            missed = [case for case in control.cases if case not in red]
            for case in red:
                stopped[case].append(control.name)
            faults += [f"{case} stays green without: {control.name}" for case in missed]
            print(f"{'ok  ' if not missed else 'MISS'} {control.name}: {', '.join(sorted(red))}")
    print()
    faults += list(_table(stopped, complete=not words))
    print("\n".join(faults) or "Every case is stopped by a control.")
    return bool(faults)


def _table(stopped: Mapping[str, Sequence[str]], *, complete: bool) -> Iterable[str]:
    """Print which control stops what; gives the cases that none of them stops."""
    for group, cases in GROUPS.items():
        print(f"{group}:")
        for case in cases:
            by = stopped.get(case, ())
            if by or complete:
                print(f"  {case:6} {'; '.join(by) or '-'}")
            if complete and not by:
                yield f"{case}: no control turns it red"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
