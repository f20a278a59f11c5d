"""Bybit's asset endpoints: transfers between wallets, deposits, withdrawals, and what coins may move."""

from collections.abc import Callable
from typing import Final

from engines.simulate.exchange.event import Movement, MovementKind
from sandbox.bybit.call import Call, Endpoint
from sandbox.bybit.pages import page
from sandbox.bybit.rows import Row, amount, stamp
from sandbox.bybit.venue import FUND, UNIFIED
from sandbox.bybit.wire import Declined
from sandbox.exchange import VenueExchange

_PAGE: Final = (20, 50)
_DEPOSITED, _ON_CHAIN = 3, 0


class BybitAssets:
    """Money that does not move by trading."""

    def __init__(self, venue: VenueExchange) -> None:
        self._venue = venue

    def endpoints(self) -> dict[tuple[str, str], Endpoint]:
        """By method and path."""
        return {
            ("POST", "/v5/asset/transfer/inter-transfer"): self.transfer,
            ("GET", "/v5/asset/transfer/query-inter-transfer-list"): self.transfers,
            ("GET", "/v5/asset/transfer/query-account-coins-balance"): self.balances,
            ("GET", "/v5/asset/deposit/query-record"): self.deposits,
            ("GET", "/v5/asset/withdraw/query-record"): self.withdrawals,
            ("GET", "/v5/asset/coin/query-info"): self.coins,
        }

    def transfer(self, call: Call) -> Row:
        """Move money between wallets; an id that was used is refused."""
        transfer_id, much = call.text("transferId"), call.number("amount")
        if not transfer_id or much is None:
            raise Declined("Request parameter error", 131203)
        if transfer_id in call.account.movements:
            raise Declined("TransferId exist", 131214)
        if call.text("fromAccountType") == call.text("toAccountType"):
            raise Declined("fromAccountType can't be the same as toAccountType", 131211)
        moved = self._venue.exchange.treasury.transfer(
            call.account,
            transfer_id,
            call.text("coin"),
            much,
            source=call.text("fromAccountType"),
            target=call.text("toAccountType"),
            at=call.at,
        )
        return {"transferId": moved.id, "status": "SUCCESS"}

    def transfers(self, call: Call) -> Row:
        """Transfers, newest first."""
        wanted = call.text("transferId")
        return self._movements(call, MovementKind.TRANSFER, "list", _transfer, wanted)

    def deposits(self, call: Call) -> Row:
        """Deposits, newest first."""
        return self._movements(call, MovementKind.DEPOSIT, "rows", _deposit, call.text("id"))

    def withdrawals(self, call: Call) -> Row:
        """Withdrawals, newest first."""
        return self._movements(call, MovementKind.WITHDRAWAL, "rows", _withdrawal, call.text("withdrawID"))

    def balances(self, call: Call) -> Row:
        """What lies in one wallet."""
        wallet = call.text("accountType")
        if wallet not in (UNIFIED, FUND):
            raise Declined("Account not exist", 131207)
        wanted = [coin for coin in call.text("coin").split(",") if coin]
        rows = [
            {
                "coin": asset,
                "walletBalance": amount(held),
                "transferBalance": amount(call.account.free(wallet, asset)),
                "bonus": "",
            }
            for asset, held in call.account.assets(wallet)
            if not wanted or asset in wanted
        ]
        return {"accountType": wallet, "memberId": "24600000", "balance": rows}

    def coins(self, call: Call) -> Row:
        """Whether coins may be deposited and withdrawn."""
        assets = sorted({asset for _, asset in call.account.balances})
        wanted = call.text("coin")
        can_leave = "0" if call.account.are_withdrawals_suspended else "1"
        return {"rows": [_coin(asset, can_leave) for asset in assets if wanted in ("", asset)]}

    def _movements(
        self, call: Call, kind: MovementKind, name: str, row: Callable[[Movement], Row], wanted: str
    ) -> Row:
        items = [one for one in call.account.movements.values() if one.kind is kind]
        numbers = {one.id: number for number, one in enumerate(items, 1)}
        coin = call.text("coin")
        rows, cursor = page(
            call,
            items,
            lambda one: coin in ("", one.asset) and wanted in ("", one.id),
            lambda one: (numbers[one.id], one.at),
            _PAGE,
        )
        return {name: [row(one) for one in rows], "nextPageCursor": cursor}


def _transfer(one: Movement) -> Row:
    return {
        "transferId": one.id,
        "coin": one.asset,
        "amount": amount(one.amount),
        "fromAccountType": one.source,
        "toAccountType": one.target,
        "timestamp": stamp(one.at),
        "status": "SUCCESS" if one.is_done else "PENDING",
    }


def _deposit(one: Movement) -> Row:
    return {
        "id": one.id,
        "coin": one.asset,
        "chain": "ETH",
        "amount": amount(one.amount),
        "txID": f"0x{one.id}",
        "status": _DEPOSITED,
        "toAddress": "0xsandbox",
        "tag": "",
        "depositFee": "",
        "successAt": stamp(one.at),
        "confirmations": "64",
        "txIndex": "1",
        "blockHash": "0x0",
        "batchReleaseLimit": "-1",
        "depositType": "0",
    }


def _withdrawal(one: Movement) -> Row:
    return {
        "coin": one.asset,
        "chain": "ETH",
        "amount": amount(one.amount),
        "txID": f"0x{one.id}" if one.is_done else "",
        "status": "success" if one.is_done else "Pending",
        "toAddress": "0xsandbox",
        "tag": "",
        "withdrawFee": "0",
        "createTime": stamp(one.at),
        "updateTime": stamp(one.at),
        "withdrawId": one.id,
        "withdrawType": _ON_CHAIN,
    }


def _coin(asset: str, can_leave: str) -> Row:
    chain = {
        "chainType": "Ethereum",
        "confirmation": "6",
        "withdrawFee": "0",
        "depositMin": "0",
        "withdrawMin": "0",
        "chain": "ETH",
        "chainDeposit": "1",
        "chainWithdraw": can_leave,
        "minAccuracy": "8",
        "withdrawPercentageFee": "0",
        "contractAddress": "",
        "safeConfirmNumber": "65",
    }
    return {"name": asset, "coin": asset, "remainAmount": "1000000", "chains": [chain]}
