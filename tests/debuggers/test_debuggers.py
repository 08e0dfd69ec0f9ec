"""A redacted dump opens in the same debuggers and shows the same threads, modules, memory map and stacks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from readers import READERS, readers_of

import dumpscrub
from corpus import manifest
from corpus.dumps import REAL, SHARED, RealDump, in_folder
from dumpscrub.model import SecretValue

IN_REPOSITORY = in_folder(REAL)
ALREADY = {dump.name for dump in IN_REPOSITORY}
BESIDE = [dump for dump in in_folder(SHARED) if dump.name not in ALREADY] if SHARED.is_dir() else []


@pytest.fixture(scope="module")
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A dump and its redacted copy, removed afterwards."""
    dump: RealDump = request.param
    folder = tmp_path_factory.mktemp("debuggers")
    before = dump.unpack(folder)
    # With all planted values known, as much is masked as ever can be.
    values = [SecretValue(secret.value, not secret.text) for secret in manifest.read(dump.manifest)]
    result = dumpscrub.sanitize(before, folder / f"redacted-{dump.name}", known=values)
    assert result.output is not None
    assert result.bytes_changed > 0
    yield before, result.output
    before.unlink()
    result.output.unlink()


def check(pair: tuple[Path, Path]) -> None:
    """Compare what every reader shows that is installed; skip, at the end, for those that are not."""
    before, after = pair
    absent: list[str] = []
    for name in readers_of(before.name):
        try:
            expected = READERS[name](before)
        except pytest.skip.Exception as reason:
            absent.append(str(reason))
            continue
        assert len(expected) > 5, f"{name} does not read the original"
        assert READERS[name](after) == expected, f"{name} shows something else"
    if absent:
        pytest.skip("; ".join(absent))


@pytest.mark.parametrize("pair", IN_REPOSITORY, ids=lambda dump: dump.name, indirect=True)
def test_same_view_of_the_dumps_in_the_repository(pair: tuple[Path, Path]) -> None:
    check(pair)


@pytest.mark.shared
@pytest.mark.parametrize("pair", BESIDE, ids=lambda dump: dump.name, indirect=True)
def test_same_view_of_the_dumps_beside_the_repository(pair: tuple[Path, Path]) -> None:
    check(pair)
