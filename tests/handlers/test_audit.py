"""`/audit`: what was done is read page by page."""

from handlers.ui.audit_words import DEEDS, OUTCOMES
from ports.desk_state import AuditRecord
from tests.build.desk_state import a_record
from tests.build.screens import ANN, TOM, ScreenDesk, data_of, labels


async def test_nothing_yet(desk: ScreenDesk) -> None:
    assert "Nothing was done yet" in (await desk.type("/audit", by=ANN)).html


async def test_pages_from_the_newest_on(desk: ScreenDesk) -> None:
    for number in range(30):
        await desk.stores.audit.add(a_record(f"deed{number}", person_id=TOM))
    first = await desk.type("/audit", by=ANN)
    second = await desk.tap(data_of(first, "Older"), by=ANN)
    third = await desk.tap(data_of(second, "Older"), by=ANN)
    back = await desk.tap(data_of(third, "Newest"), by=ANN)

    assert "deed29" in first.html
    assert "deed17" not in first.html
    assert "deed17" in second.html
    assert "deed0<" in third.html
    assert (labels(first), labels(third)) == (["Older"], ["Newest"])
    assert back.html == first.html


async def test_a_refused_deed_says_why_and_the_desk_has_a_name(desk: ScreenDesk) -> None:
    record: AuditRecord = a_record("/order", person_id=None, outcome="ticket_over", params={"text": "<b>"})
    await desk.stores.audit.add(record)
    shown = await desk.type("/audit", by=ANN)

    assert "✗" in shown.html
    assert "the desk" in shown.html
    assert "<i>decided already</i>" in shown.html
    assert "&lt;b&gt;" in shown.html


async def test_buttons_are_named_and_tokens_left_out(desk: ScreenDesk) -> None:
    await desk.stores.audit.add(a_record("oa", params={"text": "opaque-token", "ticket": "7F3K"}))
    shown = await desk.type("/audit", by=ANN)

    assert "<b>approve</b> 7F3K" in shown.html
    assert "opaque-token" not in shown.html


async def test_an_approval_is_one_line_in_both_languages(desk: ScreenDesk) -> None:
    await desk.stores.audit.add(a_record("oa", person_id=ANN, params={"text": "opaque", "ticket": "7F3K"}))
    await desk.stores.audit.add(a_record("kp", person_id=ANN, params={"text": "trend:4h"}))
    await desk.services.people.change(ANN, language="ru", zone="Europe/Moscow")
    shown = await desk.type("/audit", by=ANN)

    assert shown.html.count("\n✓") == 2
    assert "15:00 · Ann · <b>одобрить</b> 7F3K" in shown.html
    assert "15:00 · Ann · <b>пауза</b> trend 4h" in shown.html


def test_every_button_that_changes_something_has_words(desk: ScreenDesk) -> None:
    """In both languages, so that nobody reads a prefix."""
    told = {route.prefix for route in desk.services.table.buttons.values() if not route.is_read_only}
    russian, english = (
        desk.services.rendering.speech("ru", "UTC"),
        desk.services.rendering.speech("en", "UTC"),
    )

    assert told - set(DEEDS) == set()
    for word in (*DEEDS.values(), *OUTCOMES.values(), "refused"):
        assert english(word) == word
        assert russian(word) != word
