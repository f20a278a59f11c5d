"""`/claim` is of use only before there is an admin."""

from tests.build.screens import ANN, a_screen_desk


async def test_people_of_the_desk_are_not_offered_to_claim_it() -> None:
    desk = await a_screen_desk()
    assert "/claim" not in (await desk.type("/help desk", by=ANN)).html
    assert "<b>/claim</b>" in (await desk.type("/help claim", by=ANN)).html
