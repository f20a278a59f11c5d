"""Templates of rich messages: Telegram takes them in every language, and nothing people write breaks them."""

from typing import Any

import pytest

from services.speech import LANGUAGES
from tests.build.backtests import backtest_values
from tests.build.rich import blocks_of, photos_in
from tests.build.screens import the_rendering
from tests.test_words import HOSTILE, RICH_TEMPLATES, context


def rendered(template: str, language: str, hostile: str, *, is_bad: bool) -> str:
    values = dict(context(hostile, is_bad=is_bad))
    if template.startswith("rich/backtest"):
        values |= backtest_values(the_rendering().speech(language), hostile, is_bad=is_bad)
    return the_rendering().speech(language, "Europe/Berlin").render(template, **values)


def skeleton(value: Any) -> Any:
    """The kinds of everything in a message, without its words."""
    if isinstance(value, list):
        return [skeleton(one) for one in value]
    if isinstance(value, dict):
        return {name: skeleton(one) for name, one in value.items()}
    return None


def words(value: Any) -> str:
    """Every text in a message."""
    if isinstance(value, str):
        return value
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return " ".join(map(words, inside))


@pytest.mark.parametrize("is_bad", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", RICH_TEMPLATES)
def test_a_rich_template_shows_hostile_text_as_text(template: str, language: str, is_bad: bool) -> None:
    mild = rendered(template, language, "mild", is_bad=is_bad)
    expected = skeleton(blocks_of(mild, *photos_in(mild)))
    for name, hostile in HOSTILE.items():
        html = rendered(template, language, hostile, is_bad=is_bad)
        found = blocks_of(html, *photos_in(html))
        assert skeleton(found) == expected or name == "controls", f"{name} changed the markup"
        assert "49" not in words(found) or name != "braces"
