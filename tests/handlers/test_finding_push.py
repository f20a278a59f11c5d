"""What admins hear of findings: each in both languages, each once an hour."""

import pytest

from services.speech import LANGUAGES
from tests.build.findings import CODES, a_finding
from tests.build.screens import the_rendering


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_every_finding_has_words(code: str, language: str) -> None:
    html = the_rendering().speech(language).render("finding.html", finding=a_finding(code))
    assert html.startswith(("⚠️ <b>", "⛔ <b>"))
    assert "bybit" in html
