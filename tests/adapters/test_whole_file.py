"""Small files are replaced whole, however many write at once."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.whole_file import replace_whole


def test_writes_at_the_same_time_never_mix(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    contents = [bytes([65 + number]) * 200_000 for number in range(8)]
    with ThreadPoolExecutor(max_workers=8) as threads:
        for _ in range(5):
            list(threads.map(lambda content: replace_whole(path, content), contents))
            assert path.read_bytes() in contents

    assert os.listdir(tmp_path) == ["state.json"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "state.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        replace_whole(tmp_path / "state.json", b"new")

    assert os.listdir(tmp_path) == ["state.json"]
