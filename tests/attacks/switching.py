"""``make controls``: switch the controls off one by one, and show which attack each one stops.

A control is a few lines of the package. Each is taken out in a copy of the tree, the tests of the
attacks that it is there for are run on the copy, and every one of these attacks has to succeed:
its tests turn red. A case that no control turns red is not shown to be refused by anything.

What an honest visitor does has to work without the control, too: otherwise the tests would fail
because the site is broken, and show nothing.
"""

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from xml.etree import ElementTree  # nosec B405 - pytest's own report is read

from tests.attacks.cases import GROUPS, case_of, prefix_of
from tests.attacks.controls import CONTROLS
from tests.attacks.controls.control import Control, OutdatedControlError, switched_off

ROOT = Path(__file__).parents[2]
#: Shows that a site can be used as it should be.
HONEST = "tests/attacks/test_honest_use.py"
_COPIED = ("flask_lback", "tests", "docs", "pyproject.toml", "setup.cfg")
#: How pytest ends: all green, some red, no tests.
_WAS_RUN = (0, 1, 5)
#: Seconds; without its control an attack may also leave a test waiting.
_LONGEST = 1_800


@dataclass
class Outcome:
    """What pytest said of each test.

    :ivar passed: the names of those that passed.
    :ivar failed: and of those that did not, with the first line of the reason.
    :ivar broken: those that could not be run.
    """

    passed: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    @property
    def red(self) -> dict[str, str]:
        """The cases of which a test failed, each with a reason."""
        return {case: why for name, why in self.failed.items() if (case := case_of(name))}

    @property
    def green(self) -> set[str]:
        """The cases whose tests passed, all of them."""
        return {case for name in self.passed if (case := case_of(name))} - set(self.red)

    def add(self, other: Outcome) -> None:
        """Take in the tests of another run."""
        self.passed |= other.passed
        self.failed |= other.failed
        self.broken |= other.broken


def files_of(cases: Iterable[str], tree: Path = ROOT) -> list[str]:
    """The files of a tree that hold tests of these cases."""
    starts = tuple(f"def {prefix_of(case)}" for case in cases)
    files = sorted((tree / "tests" / "attacks").glob("test_*.py"))
    texts = ((path, path.read_text("utf-8")) for path in files)
    return [
        str(path.relative_to(tree)) for path, text in texts if any(one in text for one in starts)
    ]


def run(tree: Path, cases: Collection[str]) -> Outcome:
    """The tests of these cases on a copy of the tree.

    Those that need a server beside Python are run for the cases that have no others.
    """
    outcome = _pytest(tree, [*files_of(cases, tree), HONEST], cases, "not service")
    rest = [case for case in cases if case not in outcome.green | set(outcome.red)]
    if rest and not outcome.broken:
        outcome.add(_pytest(tree, files_of(rest, tree), rest, "service"))
    return outcome


def _pytest(tree: Path, files: Sequence[str], cases: Iterable[str], marked: str) -> Outcome:
    report = tree / "report.xml"
    report.unlink(missing_ok=True)
    wanted = " or ".join(["test_honest", *map(prefix_of, cases)])
    command = [sys.executable, "-m", "pytest", *files, "-k", wanted, "-m", marked, "-q"]
    command += ["-p", "tests.attacks.once", "-p", "no:cacheprovider", "--tb=line"]
    command += ["-p", "xdist.plugin"]  # the tests of databases are marked for it
    command += [f"--basetemp={tree / 'made'}", f"--junitxml={report}"]
    environment = {
        **os.environ,
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # half of the time would go by loading them
    }
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=_LONGEST
        )
    except subprocess.TimeoutExpired:
        return Outcome(broken={"pytest": f"took longer than {_LONGEST} seconds"})
    outcome = _read(report) if report.exists() else Outcome()
    if done.returncode not in _WAS_RUN and not outcome.broken:
        outcome.broken["pytest"] = (done.stdout + done.stderr)[-2_000:]
    return outcome


def _read(report: Path) -> Outcome:
    outcome = Outcome()
    for test in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - made by pytest
        name, said = test.attrib["name"], {child.tag: child for child in test}
        if "error" in said:
            outcome.broken[name] = _reason(said["error"])
        elif "failure" in said:
            outcome.failed[name] = _reason(said["failure"])
        elif "skipped" not in said:
            outcome.passed.add(name)
    return outcome


def _reason(child: ElementTree.Element) -> str:
    return " ".join(child.attrib.get("message", "").split())[:160]


@dataclass
class Trial:
    """What happened without one control."""

    control: Control
    outcome: Outcome

    def faults(self) -> Iterator[str]:
        """What speaks against the control, or against the way it is switched off."""
        name = self.control.name
        for test, why in self.outcome.broken.items():
            yield f"{test} cannot be run without: {name}\n    {why}"
        for test, why in self.outcome.failed.items():
            if case_of(test) is None:
                yield f"{test} fails without: {name}\n    {why}"
        if not self.outcome.red and not self.outcome.broken:
            yield f"no case turns red without: {name}"
        for case in self.control.cases:
            if self.outcome.red and case not in self.outcome.red:
                yield f"{case} stays green without: {name}"


def copy_of_the_tree(place: Path) -> Path:
    """The package and its tests, to be changed."""
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns(".*"))
        elif source.exists():
            shutil.copy2(source, place / name)
    compileall.compile_dir(place / "flask_lback", quiet=2)
    return place


def trials(controls: Sequence[Control], trees: Sequence[Path]) -> Iterator[Trial]:
    """Each control switched off, on as many trees at once as there are."""
    free: SimpleQueue[Path] = SimpleQueue()
    for tree in trees:
        free.put(tree)

    def attempt(control: Control) -> Trial:
        tree = free.get()
        try:
            with switched_off(control, tree):
                return Trial(control, run(tree, control.cases))
        except OutdatedControlError as error:
            return Trial(control, Outcome(broken={"the source": str(error)}))
        finally:
            free.put(tree)

    with ThreadPoolExecutor(len(trees)) as pool:
        yield from pool.map(attempt, controls)


def faults_of_the_tests(tree: Path, cases: Collection[str]) -> list[str]:
    """What is red although nothing is switched off, and which case has no test that runs."""
    outcome = run(tree, cases)
    red = {**outcome.broken, **outcome.failed}
    missing = [case for case in cases if case not in outcome.green | set(outcome.red)]
    return [f"{test} is red with every control on: {why}" for test, why in red.items()] + [
        f"{case}: no test of it could be run" for case in missing if not outcome.broken
    ]


def table(stopped: Mapping[str, Sequence[str]], *, complete: bool) -> Iterator[str]:
    """Group, case, and the controls that turn it red; the others only when all were tried."""
    for group, cases in GROUPS.items():
        shown = [case for case in cases if complete or case in stopped]
        if shown:
            yield f"\n{group}"
        for case in shown:
            first, *others = stopped.get(case) or ["- nothing turns it red -"]
            yield f"  {case:6} {first}"
            yield from (f"  {'':6} {name}" for name in others)


def main(arguments: Sequence[str]) -> int:
    """Try the controls; 1 when one of them, or a case, is left over."""
    parser = argparse.ArgumentParser(prog="make controls", description=__doc__)
    parser.add_argument("words", nargs="*", help="only controls with one of these in their name")
    parser.add_argument("-n", "--workers", type=int, default=1, help="so many at once")
    parser.add_argument("-v", "--verbose", action="store_true", help="why each case turned red")
    options = parser.parse_args(arguments)
    chosen = [one for one in CONTROLS if _is_meant(one, options.words)]
    cases = [case for group in GROUPS.values() for case in group]
    if options.words:
        cases = [case for case in cases if any(case in one.cases for one in chosen)]

    with ExitStack() as stack:
        folders = (
            stack.enter_context(tempfile.TemporaryDirectory()) for _ in range(options.workers)
        )
        trees = [copy_of_the_tree(Path(folder)) for folder in folders]
        print(f"{len(cases)} cases with every control on ...", flush=True)
        if faults := faults_of_the_tests(trees[0], cases):
            print("\n".join(faults))
            return 1
        stopped: dict[str, list[str]] = defaultdict(list)
        for trial in trials(chosen, trees):
            found, red = list(trial.faults()), trial.outcome.red
            faults += found
            print(
                f"{'FAIL' if found else 'red '} {trial.control.name}: {', '.join(red)}", flush=True
            )
            for case, why in red.items():
                stopped[case].append(trial.control.name)
                if options.verbose:
                    print(f"       {case}: {why}")
    print("\n".join(table(stopped, complete=not options.words)))
    faults += [f"no control turns {case} red" for case in cases if case not in stopped]
    print("\n" + ("\n".join(faults) or f"{len(chosen)} controls: without each its cases turn red."))
    return int(bool(faults))


def _is_meant(control: Control, words: Sequence[str]) -> bool:
    return not words or any(word in control.name or word in control.cases for word in words)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
