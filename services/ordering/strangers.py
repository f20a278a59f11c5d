"""Orders at a venue that are not in our books."""

from engines.orders.order import Intent, Order, OrderState, Purpose, Terms
from engines.orders.subaccount import EngineName, SubAccount
from ports.venue_books import VenueOrder


def stand_in(account: str, told: VenueOrder) -> Order:
    """An order of ours by its name, as far as the venue tells of it: enough to cancel it."""
    sub_account = SubAccount(engine=EngineName.MANUAL, account=account)
    intent = Intent(
        id=told.client_id,
        owner=sub_account.owner,
        account=account,
        engine=sub_account.engine,
        trade_id=0,
        instrument=told.instrument,
        side=told.side,
        quantity=told.quantity,
        kind=told.kind,
        purpose=Purpose.MANUAL,
        limit_price=told.limit_price,
        reduce_only=told.is_reduce_only,
        created_at=told.created_at,
    )
    terms = Terms(
        quantity=told.quantity,
        kind=told.kind,
        limit_price=told.limit_price,
        trigger_price=told.trigger_price,
    )
    return Order(
        id=told.client_id,
        intent=intent,
        terms=terms,
        state=OrderState.OPEN,
        venue_id=told.venue_id,
        filled=told.filled,
        created_at=told.created_at,
        updated_at=told.updated_at,
    )
