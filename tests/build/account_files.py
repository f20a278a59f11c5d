"""An account worked out anew from the files that a person exports, by school arithmetic and none of ours."""

import csv
import io
import sqlite3
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from pathlib import Path

from tests.build.sandbox import Sandbox

OPENING = Decimal(1000)
_SMALLEST = Decimal("1E-8")

Row = Mapping[str, str]
Sums = dict[tuple[str, str], Decimal]
"""Amount by account and asset; accounts at zero are left out."""


@dataclass(slots=True)
class Position:
    """One trade as its fills tell it. Amounts in USDT."""

    sign: int
    leverage: Decimal
    is_spot: bool
    quantity: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    margin: Decimal = Decimal(0)
    realised: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)

    def fill(self, row: Row) -> None:
        """Count a fill: the average cost goes out with what is sold."""
        price, quantity = Decimal(row["price"]), Decimal(row["quantity"])
        self.fees += Decimal(row["fee"])
        if row["purpose"] == "entry":
            self.quantity += quantity
            self.cost += price * quantity
            self.margin += Decimal(0) if self.is_spot else cut(price * quantity / self.leverage)
            return
        is_all = quantity == self.quantity
        cost = self.cost if is_all else cut(self.cost * (quantity / self.quantity))
        self.margin -= self.margin if is_all else cut(self.margin * (quantity / self.quantity))
        self.realised += (price * quantity - cost) * self.sign
        self.cost -= cost
        self.quantity -= quantity

    def unrealised(self, price: Decimal) -> Decimal:
        """Profit of what is held."""
        return (price * self.quantity - self.cost) * self.sign


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFiles:
    """The three files, row by row."""

    trades: Sequence[Row]
    fills: Sequence[Row]
    ledger: Sequence[Row]

    @property
    def funding(self) -> Decimal:
        """What was received, by the ledger (negative: paid)."""
        return -self.sums().get(("funding", "USDT"), Decimal(0))

    def positions(self) -> dict[str, Position]:
        """Every trade that was filled, by number."""
        rows = {row["id"]: row for row in self.trades}
        found: dict[str, Position] = {}
        for fill in self.fills:
            row = rows[fill["trade_id"]]
            sign = 1 if row["direction"] == "long" else -1
            new = Position(sign=sign, leverage=Decimal(row["leverage"]), is_spot=row["kind"] == "spot")
            found.setdefault(row["id"], new).fill(fill)
        return found

    def size_at(self, trade_id: str, at: datetime) -> Decimal:
        """What a trade held at a moment, a fill of that very moment included; a short is negative."""
        sides = {"buy": 1, "sell": -1}
        return sum(
            (
                Decimal(fill["quantity"]) * sides[fill["side"]]
                for fill in self.fills
                if fill["trade_id"] == trade_id and moment(fill["at"]) <= at
            ),
            Decimal(0),
        )

    def cash(self) -> Decimal:
        """What is left to spend, from the fills and the funding."""
        held = self.positions().values()
        earned = sum((one.realised - one.fees for one in held), Decimal(0))
        bound = sum((one.cost if one.is_spot else one.margin for one in held), Decimal(0))
        return OPENING + earned + self.funding - bound

    def sums(self) -> Sums:
        """What the ledger's lines add up to."""
        return summed((row["account"], row["asset"], row["amount"]) for row in self.ledger)

    def assert_agrees(self) -> None:
        """The three files tell one story, and each entry of the ledger is balanced."""
        entries: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for row in self.ledger:
            entries[row["entry_id"], row["asset"]] += Decimal(row["amount"])
        assert all(total == 0 for total in entries.values())
        positions, sums = self.positions(), self.sums()
        for row in self.trades:
            one = positions.get(row["id"]) or Position(sign=1, leverage=Decimal(1), is_spot=True)
            told = [Decimal(row[name]) for name in ("quantity", "margin", "realised", "fees")]
            assert told == [one.quantity, one.margin, one.realised, one.fees], row
            assert sums.get((f"margin:{row['id']}", "USDT"), Decimal(0)) == one.margin
            assert Decimal(row["net"]) == one.realised - one.fees + Decimal(row["funding"])
        assert sum((Decimal(row["funding"]) for row in self.trades), Decimal(0)) == self.funding
        assert sums.get(("cash", "USDT"), Decimal(0)) == self.cash()
        assert sums.get(("fees", "USDT"), Decimal(0)) == sum(one.fees for one in positions.values())
        assert sums["equity", "USDT"] == -OPENING


def cut(amount: Decimal) -> Decimal:
    """Eight decimals, the rest dropped."""
    return amount.quantize(_SMALLEST, rounding=ROUND_DOWN)


def summed(lines: Iterable[tuple[str, str, str]]) -> Sums:
    """Amounts by account and asset, without those that are zero."""
    totals: Sums = defaultdict(Decimal)
    for account, asset, amount in lines:
        totals[account, asset] += Decimal(amount)
    return {key: total for key, total in totals.items() if total}


def shown(amount: Decimal, *, has_sign: bool = False) -> str:
    """An amount as an English screen shows it."""
    cents = amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    plus = "+" if has_sign and cents > 0 else ""
    return plus + f"{cents if cents else abs(cents):,.2f}".replace("-", "\N{MINUS SIGN}")


async def exported(sandbox: Sandbox, user: int) -> AccountFiles:
    """Ask for the files, and fetch and open the archive that comes."""
    said = await sandbox.say(user, "/export")
    message = await sandbox.next_from_bot(user, after=said["id"], having=".zip")
    async with sandbox.http.get(sandbox.url + message["document"]) as response:
        assert response.status == 200
        archive = zipfile.ZipFile(io.BytesIO(await response.read()))
    tables = {name: _rows(archive.read(f"{name}.csv")) for name in ("trades", "fills", "ledger")}
    return AccountFiles(**tables)


def ledger_in(folder: Path, owner: int) -> tuple[Sums, int]:
    """What the desk's database has of a person: the sums of all postings, and how many there are."""
    file = f"file:{folder / 'desk' / 'desk.sqlite3'}?mode=ro"
    query = (
        "SELECT account, asset, amount, typeof(amount) FROM postings JOIN entries ON entries.id = entry_id "
        "WHERE owner = ?"
    )
    with closing(sqlite3.connect(file, uri=True)) as connection:
        lines = connection.execute(query, (owner,)).fetchall()
    assert {kind for *_, kind in lines} == {"text"}, "money is never a float"
    return summed((account, asset, amount) for account, asset, amount, _ in lines), len(lines)


def moment(text: str) -> datetime:
    """A time in a file."""
    at = datetime.fromisoformat(text)
    assert at.utcoffset() is not None
    return at


def _rows(content: bytes) -> Sequence[Row]:
    return list(csv.DictReader(io.StringIO(content.decode())))
