"""Files in one archive."""

import io
import zipfile

from ports.messages import Document
from services.trading.bundle import zipped

FILES = [
    Document(name="trades.csv", content=b"id\n1\n"),
    Document(name="ledger.csv", content="цена\n".encode()),
]


def test_files_come_out_as_they_went_in() -> None:
    with zipfile.ZipFile(io.BytesIO(zipped(FILES))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            one.name: one.content for one in FILES
        }


def test_the_same_files_give_the_same_bytes() -> None:
    assert zipped(FILES) == zipped(FILES)
