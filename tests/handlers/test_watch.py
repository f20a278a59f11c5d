"""`/watch`."""

import pytest

from handlers.watch import MOST
from tests.build.markets import an_instrument
from tests.build.screens import COINS, VERA, ScreenDesk, data_of, labels


def watched(desk: ScreenDesk) -> list[str]:
    return [symbol.removesuffix("USDT") for symbol in desk.person(VERA).watchlist]


async def test_an_empty_list_teaches_and_offers_the_biggest(desk: ScreenDesk) -> None:
    screen = await desk.type("/watch")

    assert "Nothing watched yet" in screen.html
    assert labels(screen) == ["+ BTC", "+ ETH", "+ SOL", "+ XRP", "+ BNB", "+ DOGE"]
    await desk.tap(data_of(screen, "+ SOL"))
    assert watched(desk) == ["SOL"]


@pytest.mark.parametrize(
    ("texts", "left"),
    [
        (["/watch btc eth"], ["BTC", "ETH"]),
        (["/watch BTC,eth $sol"], ["BTC", "ETH", "SOL"]),
        (["watch биток эфир"], ["BTC", "ETH"]),
        (["следи btc"], ["BTC"]),
        (["/watch +btc"], ["BTC"]),
        (["/watch add btc eth"], ["BTC", "ETH"]),
        (["/watch btc btc bitcoin"], ["BTC"]),
        (["/watch btc eth", "/watch -btc"], ["ETH"]),
        (["/watch btc eth", "/watch remove btc"], ["ETH"]),
        (["/watch btc eth", "/watch убери биток"], ["ETH"]),
        (["/watch btc eth", "/watch - btc + sol"], ["ETH", "SOL"]),
        (["/watch btc", "/watch -eth"], ["BTC"]),
        (["/watch btc", "/watch -"], ["BTC"]),
    ],
)
async def test_coins_are_added_and_removed_as_people_write_it(
    desk: ScreenDesk, texts: list[str], left: list[str]
) -> None:
    for text in texts:
        await desk.type(text)

    assert watched(desk) == left


async def test_one_wrong_name_changes_nothing_and_the_near_button_does_the_whole(desk: ScreenDesk) -> None:
    screen = await desk.type("/watch eth bct")
    assert watched(desk) == []

    await desk.tap(data_of(screen, "BTC/USDT"))

    assert watched(desk) == ["ETH", "BTC"]


async def test_a_removal_is_undone_with_one_tap(desk: ScreenDesk) -> None:
    screen = await desk.type("/watch btc eth")

    screen = await desk.tap(data_of(screen, "✕ BTC"))
    assert watched(desk) == ["ETH"]
    assert "Removed: BTC" in screen.html

    await desk.tap(data_of(screen, "Undo: BTC"))
    assert watched(desk) == ["ETH", "BTC"]


async def test_tapping_twice_is_like_tapping_once(desk: ScreenDesk) -> None:
    await desk.tap("w+:BTCUSDT")
    await desk.tap("w+:BTCUSDT")
    assert watched(desk) == ["BTC"]

    await desk.tap("w-:BTCUSDT")
    await desk.tap("w-:BTCUSDT")
    assert watched(desk) == []


async def test_the_list_has_a_limit(desk: ScreenDesk) -> None:
    await desk.type("/watch " + " ".join(COINS[:MOST]))

    answer = await desk.answer(f"/watch {COINS[MOST]}")

    assert answer.is_error
    assert answer.screen is not None
    assert f"At most {MOST}" in answer.screen.html
    assert watched(desk) == COINS[:MOST]
    await desk.type(f"/watch -{COINS[0]} {COINS[MOST]}")
    assert watched(desk) == COINS[1 : MOST + 1]


async def test_what_is_watched_is_streamed(desk: ScreenDesk) -> None:
    await desk.type("/watch doge")

    assert "DOGEUSDT" in desk.services.markets._audience.symbols()


async def test_a_coin_that_the_venue_no_longer_lists_can_be_removed(desk: ScreenDesk) -> None:
    await desk.services.people.change(VERA, watchlist=("LUNAUSDT", "BTCUSDT"))
    screen = await desk.type("/watch")
    assert "✕ LUNA" in labels(screen)

    await desk.type("/watch -luna")

    assert watched(desk) == ["BTC"]


async def test_a_coin_without_a_price_yet_is_told(desk: ScreenDesk) -> None:
    await desk.services.people.change(VERA, watchlist=("NEWUSDT",))
    desk.source.listed.append(an_instrument("NEW"))

    assert "on their way" in (await desk.type("/watch")).html


async def test_the_cockpit_follows_at_once(desk: ScreenDesk) -> None:
    await desk.services.cockpits.open(desk.person(VERA))

    await desk.type("/watch doge")

    [edit] = desk.messenger.edits
    assert "DOGE" in edit.screen.html


async def test_one_persons_list_is_not_anothers(desk: ScreenDesk) -> None:
    await desk.type("/watch doge", by=VERA)

    assert "DOGE" not in (await desk.type("/price", by=12)).html
