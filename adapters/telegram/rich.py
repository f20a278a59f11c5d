"""Rich forms of screens, as long as the Bot API takes them."""

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramNotFound
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import BufferedInputFile, InputMediaPhoto, InputRichMessage, InputRichMessageMedia

from adapters.telegram.keyboards import markup
from adapters.telegram.methods import EditRich, SendRich, Sent
from adapters.telegram.refusals import is_of_content, says
from ports.messages import Keyboard, RichForm, Screen

log = structlog.get_logger()


class RichMessages:
    """Says a screen in its rich form; where that cannot be, it has to be said in the classic one.

    A server without these methods (Bot API before 10.1) is not asked again.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._are_known = True

    async def send(self, chat_id: int, screen: Screen, *, is_silent: bool) -> Sent | None:
        """Where it landed; `None` when nothing was sent."""
        if screen.rich is None or not self._are_known:
            return None
        return await self._tried(
            SendRich(
                chat_id=chat_id,
                rich_message=_input(screen.rich),
                reply_markup=markup(_keyboard(screen, screen.rich)),
                disable_notification=is_silent or None,
            )
        )

    async def edit(self, chat_id: int, message_id: int, screen: Screen) -> bool:
        """Whether the message was replaced in place."""
        if screen.rich is None or not self._are_known:
            return False
        edited = await self._tried(
            EditRich(
                chat_id=chat_id,
                message_id=message_id,
                rich_message=_input(screen.rich),
                reply_markup=markup(_keyboard(screen, screen.rich)),
            )
        )
        return edited is not None

    async def _tried(self, method: TelegramMethod[TelegramType]) -> TelegramType | None:
        """The answer; `None` when what was said is refused, or the method is unknown."""
        try:
            return await self._bot(method)
        except TelegramNotFound as error:
            if not says(error.message, "method not found"):
                raise
            self._are_known = False
            log.warning("rich_messages_unknown", method=method.__api_method__)
        except TelegramBadRequest as error:
            if not is_of_content(error.message):
                raise
            log.warning("rich_message_refused", error=error.message)
        return None


def _keyboard(screen: Screen, form: RichForm) -> Keyboard:
    return screen.keyboard if form.keyboard is None else form.keyboard


def _input(form: RichForm) -> InputRichMessage:
    """Nothing is detected in it: a price must not become a telephone number."""
    media = [
        InputRichMessageMedia(id=name, media=InputMediaPhoto(media=BufferedInputFile(photo, f"{name}.png")))
        for name, photo in form.photos.items()
    ]
    return InputRichMessage(html=form.html, media=media or None, skip_entity_detection=True)
