"""The aiogram dispatcher: middlewares in order, one handler each for messages, taps and membership."""

from aiogram import Dispatcher, Router

from bot.middlewares import Brake, Door, Trace
from bot.settings import Settings
from bot.switchboard import Switchboard, is_urgent


def build_dispatcher(switchboard: Switchboard, settings: Settings) -> Dispatcher:
    """Everything an update passes, ready to be fed."""
    dispatcher = Dispatcher(disable_fsm=True)
    dispatcher.update.outer_middleware(Trace())
    dispatcher.update.outer_middleware(
        Door(
            switchboard.services,
            switchboard.messenger,
            switchboard.bot,
            default_language=settings.desk.language,
        )
    )
    dispatcher.update.outer_middleware(
        Brake(
            switchboard.messenger,
            per_s=settings.telegram.flood_per_s,
            burst=settings.telegram.flood_burst,
            passes=lambda update: is_urgent(update, switchboard.services.table),
        )
    )
    router = Router(name="switchboard")
    router.message.register(switchboard.on_message)
    router.callback_query.register(switchboard.on_tap)
    router.my_chat_member.register(switchboard.on_membership)
    dispatcher.include_router(router)
    return dispatcher
