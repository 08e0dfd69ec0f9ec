"""Running commands, and what becomes of the measurements."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as command_line
from benchmarks import report, suite
from benchmarks.measure import Command, RunError, Sample, Series, interleaved, run
from benchmarks.stages import Clock, main


def shell(name: str, script: str, **options: object) -> Command:
    return Command(name, ("sh", "-c", script), **options)  # type: ignore[arg-type]


def series(*walls: float, output: str = "") -> Series:
    return Series(tuple(Sample(wall, wall / 2, 50_000_000, output) for wall in walls))


def test_a_run_counts_time_and_memory_of_its_children() -> None:
    work = f"{sys.executable} -c 'x = bytes(100 << 20); [i for i in range(3_000_000)]'; exit 0"
    sample = run(shell("work", work), 30)
    assert sample.peak > 100 << 20
    assert 0 < sample.cpu <= 2 * sample.wall


def test_what_a_command_leaves_is_removed_before_and_after(tmp_path: Path) -> None:
    left = tmp_path / "left"
    left.write_text("old")
    assert run(shell("make", f"test ! -e {left} && touch {left}", leaves=(left,)), 30).output == ""
    assert not left.exists()


def test_a_wrong_exit_code_and_a_slow_command_are_errors() -> None:
    assert run(shell("found", "exit 1", succeeds=(0, 1)), 30).wall < 30
    with pytest.raises(RunError, match="exit code 3: last words"):
        run(shell("fail", "echo first; echo last words; exit 3"), 30)
    with pytest.raises(RunError, match="exit code 1: fault"):
        run(shell("fault", "echo fault; exit 1", succeeds=(0, 1), quiet=True), 30)
    with pytest.raises(RunError, match="more than 0 s"):
        run(Command("slow", ("sleep", "30")), 0.2)


def test_commands_take_turns_and_the_first_round_does_not_count(tmp_path: Path) -> None:
    order = tmp_path / "order"
    commands = [shell(name, f"echo {name} >> {order}") for name in "ab"] + [shell("c", f"echo c >> {order}; exit 1")]
    results = interleaved(commands, 2, True, 30, lambda line: None)
    assert order.read_text().split() == ["a", "b", "c", "a", "b", "a", "b"]
    assert [len(results[name].samples) for name in "abc"] == [2, 2, 0]
    assert results["c"].problem == "exit code 1: "


def test_medians_and_spread() -> None:
    measured = series(3, 1, 2)
    assert (measured.wall, measured.spread, measured.cpu, measured.peak) == (2, (1, 3), 1, 50_000_000)


def test_stages_add_up_to_the_whole() -> None:
    clock = Clock()
    for stage in ("copy", "copy", "search", "copy", "search"):
        clock.progress(stage, 1, 1)
    clock.end()
    assert list(clock.seconds) == ["before copy", "copy", "before search", "search", "after"]


def test_stages_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "dump.raw").write_bytes(b"password=hunter\0" * 10)
    main(str(tmp_path / "dump.raw"), str(tmp_path / "out.raw"))
    assert {"before copy", "copy", "search", "verify", "after"} <= set(json.loads(capsys.readouterr().out))


def test_the_report_shows_ratios_shares_and_problems() -> None:
    rows = {
        suite.CP: series(1, 2, 1),
        suite.SANITIZE: series(2, 3, 2),
        suite.SCAN: series(1),
        suite.KINGFISHER: Series(problem="not installed"),
        suite.STAGES: series(4, output='{"copy": 1.0, "search": 3.0}'),
    }
    text = report.render({"2 GiB": ("20 secrets", rows)}, ["today"], [2])
    assert text.startswith("- today\n")
    assert "| sanitize | 2.00 | 2.00 to 3.00 | 1.00 | 50 | 2.00 |  |\n" in text
    assert "| kingfisher scan | not installed |  |  |  |  |  |\n" in text
    assert "| search | 3.00 | 75% |\n" in text
    assert "| sanitize, 2 GiB: to cp | at most 2.5 | 2.00 |\n" in text
    assert "| 2 GiB | 1.00 | 0.50 | 50 | 1.00 |\n" in text
    assert "required" not in report.render({"2 GiB": ("", rows)}, [], [2], quick=True)


def test_figures_replace_those_of_the_last_run(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.write_into(document, "new\n")
    assert document.read_text() == f"before\n{report.BEGIN}\n\nnew\n\n{report.END}\nafter\n"


def test_the_whole_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["--quick", "--only", suite.TINY, "--folder", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "### 1 MiB\n\n1,100,290 bytes, 10 secrets\n" in printed
    assert "| sanitize |" in printed
    assert not list(tmp_path.iterdir())


def test_every_command_of_the_suite_can_be_made(tmp_path: Path) -> None:
    toolbox = suite.Toolbox(tmp_path, tmp_path / "kingfisher")
    for case in suite.cases([0.5, 2, 8], quick=False):
        assert [command.name for command in toolbox.commands(case, tmp_path / "d.dmp")] == list(case.commands)
    without = suite.Toolbox(tmp_path, None)
    assert suite.KINGFISHER not in [command.name for command in without.commands(case, tmp_path / "d.dmp")]
