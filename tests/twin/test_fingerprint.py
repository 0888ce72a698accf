"""The digest of the physics: stable, and moved by any file."""

from pathlib import Path

import pytest

from tansaki.twin import fingerprint


def test_it_is_stable_and_moved_by_a_changed_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "materials").mkdir()
    (tmp_path / "film.py").write_text("x = 1")
    (tmp_path / "materials" / "m.toml").write_text("value = 1")
    monkeypatch.setattr(fingerprint, "files", lambda _: tmp_path)

    def digest() -> str:
        fingerprint.package_digest.cache_clear()
        return fingerprint.package_digest("any")

    before = digest()
    (tmp_path / "notes.txt").write_text("not physics")
    assert digest() == before
    (tmp_path / "materials" / "m.toml").write_text("value = 2")
    assert digest() != before
    monkeypatch.undo()
    fingerprint.package_digest.cache_clear()
