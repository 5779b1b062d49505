"""A link laid where the register writes beside its files makes it overwrite nothing elsewhere."""

import os
from pathlib import Path

from broker.storage.archive import keep
from conventions import shelf
from policies.bundle import EMPTY
from tests.world.signed_demo import published


def test_the_register_follows_no_link_that_was_laid_for_it(tmp_path: Path):
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "register"
    elsewhere.write_text("kept")
    folder.mkdir()
    (folder / "manifest.json.new").symlink_to(elsewhere)
    shelf.save(folder, published().register)
    assert elsewhere.read_text() == "kept"
    assert len(shelf.manifest(folder)) == len(published().register)


def test_the_archive_follows_no_link_that_was_laid_for_it(tmp_path: Path):
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "generations"
    elsewhere.write_text("kept")
    folder.mkdir()
    (folder / f"{EMPTY.digest}.{os.getpid()}.new").symlink_to(elsewhere)
    keep(tmp_path, EMPTY)
    assert elsewhere.read_text() == "kept"
    assert (folder / f"{EMPTY.digest}.json").is_file()
