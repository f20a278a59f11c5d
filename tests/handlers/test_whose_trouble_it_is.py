"""An answer that cannot be given says who did not answer: the exchange or our own database."""

import pytest

from handlers.errors import explained
from ports.errors import Transient
from tests.build.screens import the_rendering


@pytest.mark.parametrize(
    ("kind", "language", "words"),
    [
        ("timeout", "en", "The exchange does not answer right now.\nTry again"),
        ("database", "en", "database does not answer right now.\nTry again"),
        ("database", "ru", "Наша собственная база данных сейчас не отвечает.\nПопробуйте"),
    ],
)
def test_the_one_that_does_not_answer_is_named(kind: str, language: str, words: str) -> None:
    say = the_rendering().speech(language)
    assert words in explained(Transient("x", kind=kind), say, command="watch btc").html
