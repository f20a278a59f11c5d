"""Gate's private endpoints of the account as a whole: key, mode, wallets, money in and out."""

from typing import Any

from engines.simulate.exchange.event import Movement, MovementKind
from sandbox.accounts import ApiKey
from sandbox.exchange import VenueExchange
from sandbox.gate import accounts
from sandbox.gate.call import Call, Endpoint, within
from sandbox.gate.fields import needed_decimal
from sandbox.gate.wire import BAD_VALUE, Declined, page_of, required

_PERMISSIONS = ("account", "futures", "spot", "unified", "wallet")
_CLASSIC, _UNIFIED = 1, 2


class Wallets:
    """What is said of an account beyond its orders."""

    def __init__(self, venue: VenueExchange) -> None:
        self._venue = venue

    def endpoints(self) -> dict[tuple[str, str], Endpoint]:
        """What is answered, by method and path."""
        return {
            ("GET", "account/detail"): self.detail,
            ("GET", "account/main_keys"): self.key,
            ("GET", "unified/accounts"): self.unified,
            ("GET", "unified/unified_mode"): self.mode,
            ("GET", "wallet/fee"): self.fee,
            ("GET", "spot/fee"): self.fee,
            ("GET", "wallet/total_balance"): self.total,
            ("GET", "wallet/deposits"): self.deposits,
            ("GET", "wallet/withdrawals"): self.withdrawals,
            ("POST", "wallet/transfers"): self.transfer,
        }

    def detail(self, call: Call) -> dict[str, Any]:
        """The account; mode 2 of its key says that it is unified."""
        return {
            "user_id": call.user,
            "ip_whitelist": _addresses(call.key),
            "currency_pairs": [],
            "key": {"mode": _UNIFIED if call.account.setup.is_unified else _CLASSIC},
            "tier": 0,
            "tier_expire_time": "0001-01-01T00:00:00Z",
            "copy_trading_role": 0,
        }

    def key(self, call: Call) -> list[dict[str, Any]]:
        """The key that asks, and what it may do."""
        return [
            {
                "user_id": str(call.user),
                "mode": _UNIFIED if call.account.setup.is_unified else _CLASSIC,
                "name": "sandbox",
                "key": call.key.key,
                "state": 1,
                "perms": _permissions(call.key),
                "ip_whitelist": _addresses(call.key),
                "created_at": str(call.key_since_s),
                "updated_at": str(call.key_since_s),
                "last_access": str(call.wire_ms // 1000),
            }
        ]

    def unified(self, call: Call) -> dict[str, Any]:
        """The unified account."""
        now = self._venue.exchange.standing(call.account, call.at)
        return accounts.unified_account(call.account, now, call.user)

    def mode(self, call: Call) -> dict[str, Any]:
        """Whether spot and futures share a wallet."""
        mode = "multi_currency" if call.account.setup.is_unified else "classic"
        return {"mode": mode, "settings": {"spot_hedge": False, "usdt_futures": True, "options": False}}

    def fee(self, call: Call) -> dict[str, Any]:
        """Fee rates."""
        rates = self._venue.exchange.rules.fees
        spot = f"{rates.spot:f}"
        return {
            "user_id": call.user,
            "taker_fee": spot,
            "maker_fee": spot,
            "futures_taker_fee": f"{rates.taker:f}",
            "futures_maker_fee": f"{rates.maker:f}",
            "gt_discount": False,
            "gt_taker_fee": "0",
            "gt_maker_fee": "0",
            "loan_fee": "0.18",
            "point_type": "1",
            "delivery_taker_fee": "0.00016",
            "delivery_maker_fee": "-0.00015",
            "debit_fee": 3,
        }

    def total(self, call: Call) -> dict[str, Any]:
        """What everything is worth in USDT."""
        now = self._venue.exchange.standing(call.account, call.at)
        amount = f"{now.equity:f}"
        return {
            "details": {"spot": {"currency": "USDT", "amount": amount}},
            "total": {"currency": "USDT", "amount": amount, "unrealised_pnl": "0.00", "borrowed": "0.00"},
        }

    def deposits(self, call: Call) -> list[dict[str, Any]]:
        """Money that came, the newest first."""
        return self._movements(call, MovementKind.DEPOSIT)

    def withdrawals(self, call: Call) -> list[dict[str, Any]]:
        """Money that went, the newest first."""
        return self._movements(call, MovementKind.WITHDRAWAL)

    def transfer(self, call: Call) -> dict[str, Any]:
        """Move money between wallets. Gate takes no id that would make it happen once."""
        body = call.object
        asset = required(body, "currency")
        source, target = required(body, "from"), required(body, "to")
        if call.account.setup.is_unified:
            raise Declined(BAD_VALUE, "a unified account has one wallet")
        moved = self._venue.exchange.treasury.transfer(
            call.account,
            self._venue.new_id(),
            asset,
            needed_decimal(body, "amount"),
            source=source,
            target=target,
            at=call.at,
        )
        return {"tx_id": int(moved.id)}

    def _movements(self, call: Call, kind: MovementKind) -> list[dict[str, Any]]:
        name = call.query.get("currency")

        def is_chosen(one: Movement) -> bool:
            return one.kind is kind and name in (None, "", one.asset) and within(call.query, one.at)

        chosen = [one for one in call.account.movements.values() if is_chosen(one)]
        first, stop = page_of(call.query)
        return [accounts.movement(one) for one in chosen[::-1][first:stop]]


def _permissions(key: ApiKey) -> list[dict[str, Any]]:
    names = (*_PERMISSIONS, "withdraw") if key.can_withdraw else _PERMISSIONS
    return [{"name": name, "read_only": not key.can_trade} for name in names]


def _addresses(key: ApiKey) -> list[str]:
    return ["127.0.0.1"] if key.is_bound_to_ip else []
