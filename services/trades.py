"""Paper trades of people: checked, opened, protected, closed, told."""

from collections.abc import Sequence
from decimal import Decimal

from engines.orders.trade import Trade
from ports.messages import Document
from ports.people import Person
from services.trading.wish import Portfolio, Preview, Standing, Wish


class Trades:
    """The paper accounts of all people.

    Everything that a person can ask for. Refusals are `ports.errors.Refused` with codes listed at each
    method; nothing has changed then.
    """

    async def preview(self, person: Person, wish: Wish) -> Preview:
        """What the wish would mean at this moment; changes nothing.

        Raises `Refused`: `unknown_symbol`, `markets_loading`, `bad_amount` (zero, negative, not a number,
        absurd), `too_small` (`least`), `too_much` (`free`, `most`), `bad_leverage` (`most`), `spot_no_short`,
        `spot_no_leverage`, `bad_price`, `price_far` (`price`, `last`), `stop_wrong_side` (`stop`, `price`),
        `target_wrong_side` (`target`, `price`), `too_many_targets`, `opposite_held` (`trade_id`, `pair`),
        `partly_closed_held`, `no_fresh_price` (`pair`).
        """
        raise NotImplementedError

    async def open(
        self, person: Person, wish: Wish, *, key: str, chat_id: int, message_id: int | None
    ) -> Trade:
        """Open (or add to) a trade; the same `key` never opens twice and gives the same trade. The message
        becomes its living message. Raises as `preview` does."""
        raise NotImplementedError

    async def find(self, person: Person, text: str) -> Trade:
        """The live trade that `text` names: `#12`, `12`, `btc`. Raises `Refused`: `no_such_trade`,
        `already_closed` (`trade_id`), `which_trade` (`forms`), `no_open_trades`."""
        raise NotImplementedError

    async def get(self, person: Person, trade_id: int) -> Trade:
        """Any trade of that person, also a closed one. Raises `Refused("no_such_trade")`."""
        raise NotImplementedError

    async def close(
        self,
        person: Person,
        trade_id: int,
        *,
        share: Decimal = Decimal(1),
        price: Decimal | None = None,
        key: str,
    ) -> Trade:
        """Close a part of what is held (a waiting one is cancelled), at the market, or booked at the person's
        own `price` when that lies inside the last 24 hours' range (marked manual).

        Raises `Refused`: `no_such_trade`, `already_closed`, `bad_share`, `part_too_small`,
        `price_outside_day` (`low`, `high`), `no_fresh_price`.
        """
        raise NotImplementedError

    async def protect(self, person: Person, trade_id: int, *, stop: Decimal | None, key: str) -> Trade:
        """Move the stop (`None`: to the entry). Raises `Refused`: `no_such_trade`, `already_closed`,
        `stop_wrong_side`."""
        raise NotImplementedError

    def live(self, person_id: int) -> Sequence[Standing]:
        """Waiting and open trades with what they are worth now, the oldest first."""
        raise NotImplementedError

    def standing(self, trade: Trade) -> Standing:
        """A trade with what it is worth now."""
        raise NotImplementedError

    async def history(self, person: Person, *, limit: int, offset: int = 0) -> Sequence[Trade]:
        """Trades of all states, the newest first."""
        raise NotImplementedError

    async def portfolio(self, person: Person) -> Portfolio:
        """The whole account."""
        raise NotImplementedError

    async def reset(self, person: Person, *, key: str) -> Portfolio:
        """Close everything, and begin again with the opening balance; history stays."""
        raise NotImplementedError

    async def export(self, person: Person) -> Sequence[Document]:
        """Trades, fills and ledger as CSV files, full digits, UTC."""
        raise NotImplementedError
