"""`/portfolio`, `/export`, `/reset` and the summary of a day."""

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest

from handlers.ui.summary_view import summary_screen
from ports.books import EquityPoint
from tests.build.screens import ANN, TOM, VERA, ScreenDesk, data_of, labels

BY = {"by": TOM}


async def traded(desk: ScreenDesk) -> None:
    """One trade closed an hour ago, one open."""
    for text in ("/trade btc long 400 sl 86000 x3", "/trade eth short 300 x2"):
        await desk.tap(data_of(await desk.type(text, **BY), "Open"), **BY)
    await desk.type("/close btc", **BY)
    await desk.services.trades.record_equity()


async def test_a_new_account_teaches_how_to_begin(desk: ScreenDesk) -> None:
    screen = await desk.type("/portfolio", **BY)
    assert "1,000.00 USDT" in screen.html
    assert "/trade btc long 100" in screen.html


async def test_the_portfolio_shows_money_positions_and_record(desk: ScreenDesk) -> None:
    await traded(desk)
    screen = await desk.type("/portfolio", **BY)
    account = await desk.services.trades.portfolio(desk.person(TOM))
    assert account.equity is not None
    assert f"<b>{account.equity:.2f} USDT</b>" in screen.html
    assert "#2 ETH short" in screen.html
    assert "1 closed trade · 0 % won" in screen.html.replace("\N{NO-BREAK SPACE}", " ")
    assert "Fewer than 30 trades" in screen.html
    assert labels(screen) == ["Trades", "Export", "Refresh", "Reset"]


async def test_a_viewer_sees_an_account_and_no_reset(desk: ScreenDesk) -> None:
    screen = await desk.type("/portfolio", by=VERA)
    assert labels(screen) == ["Trades", "Export", "Refresh"]
    assert "Your role looks on" in screen.html
    assert "/trade " not in screen.html


async def test_the_curve_is_drawn_once_there_is_one(desk: ScreenDesk) -> None:
    await traded(desk)
    desk.clock.move(3600)
    point = EquityPoint(owner=TOM, at=desk.clock.now(), equity=Decimal(1010))
    await desk.services.trades.register.books.add_equity([point])
    screen = await desk.type("портфель", **BY)
    assert screen.photo is not None
    assert len(desk.charts.curves[-1].equity) > 1
    assert desk.charts.curves[-1].opening == 1000


async def test_no_curve_is_drawn_while_no_time_has_passed(desk: ScreenDesk) -> None:
    await desk.type("/portfolio", by=TOM)

    assert (await desk.type("/portfolio", by=TOM)).photo is None


async def test_everything_is_exported_in_one_archive_or_file_by_file(desk: ScreenDesk) -> None:
    await traded(desk)
    screen = await desk.type("/export", **BY)
    assert screen.document is not None
    assert screen.document.name == "perpetuum-paper-2026-03-04.zip"
    with zipfile.ZipFile(io.BytesIO(screen.document.content)) as archive:
        assert archive.namelist() == ["trades.csv", "fills.csv", "ledger.csv"]
        inside = archive.read("trades.csv")
    alone = await desk.tap(data_of(screen, "trades.csv"), **BY)
    assert alone.document is not None
    assert (alone.document.name, alone.document.content) == ("trades.csv", inside)
    rows = list(csv.DictReader(io.StringIO(inside.decode())))
    assert len(rows) == 2


async def test_a_reset_says_what_is_lost_and_happens_once_confirmed(desk: ScreenDesk) -> None:
    await traded(desk)
    desk.clock.move(1)
    asked = await desk.type("/reset", **BY)
    assert "1 open trade is closed" in asked.html
    assert "1,000.00 USDT" in asked.html
    assert len(desk.services.trades.live(TOM)) == 1
    done = await desk.tap(data_of(asked, "Begin anew"), **BY)
    assert "You begin with 1,000.00 USDT" in done.html
    account = await desk.services.trades.portfolio(desk.person(TOM))
    assert (account.equity, account.closed, account.standings) == (Decimal(1000), 0, ())
    again = await desk.press(data_of(asked, "Begin anew"), **BY)
    assert again.is_error
    assert "#1 BTC long" in (await desk.type("/trades", **BY)).html


async def test_only_who_asked_can_reset(desk: ScreenDesk) -> None:
    await traded(desk)
    asked = await desk.type("/reset", **BY)
    assert (await desk.press(data_of(asked, "Begin anew"), by=ANN)).is_error
    assert len(desk.services.trades.live(TOM)) == 1


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_the_summary_tells_of_the_day(desk: ScreenDesk, language: str) -> None:
    await traded(desk)
    person = await desk.services.people.change(TOM, language=language)
    screen = await summary_screen(desk.services, person, date(2026, 3, 4))
    words = {
        "en": ("Opened 2, closed 1", "1 open position", "at risk"),
        "ru": ("Открыто", "1 открытая позиция", "риск"),
    }
    for part in ("PAPER", *words[language]):
        assert part in screen.html
