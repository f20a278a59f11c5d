"""Losses of engines: a drawdown halts one until an admin lets it go on, a bad day pauses it till the next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from engines.orders.subaccount import PAPER, EngineName, engine_of, is_live
from engines.risk.breakers import daily_loss, drawdown, next_midnight
from engines.risk.latch import Cause, Latch, Scope
from engines.risk.limits import Limits
from engines.risk.look import account_name, desk_name
from engines.risk.mark import Mark
from ports.clock import Clock
from services.breaking.latching import Latching, agree
from services.judging.viewing import Viewing

DESK: Final = "desk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An account, or all of them together, as it stands: `scope` is what its losses stop."""

    name: str
    scope: Scope
    equity: Decimal
    mark: Mark


@dataclass(slots=True, repr=False)
class Losses:
    """`account_of` names the venue account of an engine's real money."""

    viewing: Viewing
    latches: Latching
    account_of: Callable[[EngineName], str | None]
    limits: Limits
    clock: Clock

    async def look(self, owners: Sequence[int]) -> None:
        """Move the marks of these accounts, pull what is due. Raises `Transient`."""
        watched = [*self._accounts(owners), *self._desks(owners)]
        for one in watched:
            await self._step(one)
        paused = [one for one in watched if self._is_bad_day(one)]
        await agree(self.latches, Cause.DAILY_LOSS, [self._pause(one) for one in paused])

    async def _step(self, one: Watched) -> None:
        """Pull a latch once for a drawdown; when it is gone, somebody has cleared it."""
        latch_id, marks = f"{Cause.DRAWDOWN}:{one.name}", self.viewing.marks
        is_in_force = any(latch.id == latch_id for latch in self.latches.all())
        if one.mark.is_halted and not is_in_force:
            marks.rebase(one.name, one.equity)
            await marks.save()
            return
        loss = drawdown(one.mark, one.equity)
        if loss < self.limits.halt_at or one.mark.is_halted:
            return
        now = self.clock.wire_now()
        await self.latches.pull(
            Latch(id=latch_id, scope=one.scope, cause=Cause.DRAWDOWN, pulled_at=now, detail=_percent(loss))
        )
        marks.halt(one.name)
        await marks.save()

    def _is_bad_day(self, one: Watched) -> bool:
        is_engine = one.scope.engine is not None
        return is_engine and daily_loss(one.mark, one.equity) >= self.limits.daily_loss

    def _pause(self, one: Watched) -> Latch:
        return Latch(
            id=f"{Cause.DAILY_LOSS}:{one.name}",
            scope=one.scope,
            cause=Cause.DAILY_LOSS,
            pulled_at=self.clock.wire_now(),
            until=self._midnight(),
            detail=_percent(daily_loss(one.mark, one.equity)),
        )

    def _midnight(self) -> datetime | None:
        """When the next UTC day of the market begins, in wire time; `None` while its clock stands still."""
        now, speed = self.clock.now().astimezone(UTC), self.clock.speed
        left = next_midnight(now) - now
        return self.clock.wire_now() + timedelta(seconds=left.total_seconds() / speed) if speed else None

    def _accounts(self, owners: Sequence[int]) -> Sequence[Watched]:
        """Accounts of engines that losses stop; those of the others have marks as well."""
        found: list[Watched] = []
        for owner in owners:
            engine = engine_of(owner)
            seen = self._seen(account_name(owner), [owner], self._scope(owner))
            if seen is not None and engine is not None and self.limits.engines[engine].is_stepped:
                found.append(seen)
        return found

    def _desks(self, owners: Sequence[int]) -> Sequence[Watched]:
        paper = [owner for owner in owners if not is_live(owner)]
        real = [owner for owner in owners if is_live(owner)]
        seen = (
            self._seen(desk_name(is_paper=True), paper, Scope(account=PAPER)),
            self._seen(desk_name(is_paper=False), real, Scope()),
        )
        return [one for one in seen if one is not None]

    def _seen(self, name: str, owners: Sequence[int], scope: Scope) -> Watched | None:
        """`None` of nobody, and while it is not known what they are worth."""
        worth = self.viewing.worth()
        worths = [worth.equity(owner) for owner in owners]
        known = [one for one in worths if one is not None]
        if not known or len(known) < len(worths):
            return None
        equity = sum(known, Decimal(0))
        mark = self.viewing.marks.observe(name, owners, equity)
        if mark is None:
            return None
        return Watched(name=name, scope=scope, equity=equity, mark=mark)

    def _scope(self, owner: int) -> Scope:
        engine = engine_of(owner)
        assert engine is not None
        return Scope(engine=engine, account=self.account_of(engine) if is_live(owner) else PAPER)


def _percent(loss: Decimal) -> str:
    return f"−{loss * 100:.1f} %"
