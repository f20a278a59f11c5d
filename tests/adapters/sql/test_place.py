"""URLs are read strictly and never told with their secrets."""

from pathlib import Path

import pytest

from adapters.sql.place import locate
from ports.errors import Fatal

SECRET = "s3cret"


def test_a_sqlite_url_names_a_file() -> None:
    place = locate("sqlite:///var/desk.sqlite", schema="desk")
    assert place.path == Path("var/desk.sqlite")
    assert place.url.drivername == "sqlite+aiosqlite"
    assert str(place) == "desk database var/desk.sqlite"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_a_postgresql_url_gets_our_driver(scheme: str) -> None:
    place = locate(f"{scheme}://ann:{SECRET}@db.test/crypto", schema="desk")
    assert place.path is None
    assert place.url.drivername == "postgresql+asyncpg"
    assert place.url.password == SECRET


def test_neither_text_nor_repr_tells_user_or_password() -> None:
    place = locate(f"postgresql://ann:{SECRET}@db.test:6432/crypto?sslmode=require", schema="desk")
    assert str(place) == "desk database at db.test:6432/crypto"
    assert "ann" not in repr(place)
    assert SECRET not in repr(place)


def test_sslmode_is_passed_on_in_the_drivers_words() -> None:
    place = locate("postgresql://db.test/crypto?sslmode=require", schema="desk")
    assert place.url.query == {"ssl": "require"}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "var/desk.sqlite",
        f"postgresql:ann:{SECRET}",
        f"postgresql://ann:{SECRET}@db.test:port/crypto",
        f"mysql://ann:{SECRET}@db.test/crypto",
        f"postgresql://ann:{SECRET}@db.test",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:desk?mode=memory&uri=true",
    ],
)
def test_another_url_is_refused_with_the_form_to_use(url: str) -> None:
    with pytest.raises(Fatal, match=r"sqlite:///path/to/desk\.sqlite") as refusal:
        locate(url, schema="desk")
    assert SECRET not in str(refusal.value)
