"""Flat dispatch: one look-up finds the command or the button, however many there are."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import structlog
from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramAPIError
from aiogram.types import CallbackQuery, ChatMemberUpdated, InaccessibleMessage, Message, Update

from bot.taps import acknowledge
from handlers.errors import Answer, answered, explained
from handlers.free_text import addressee, guess, understand
from handlers.ui.keyboards import again, rows
from handlers.ui.request import Request, Services
from handlers.ui.table import ButtonRoute, Command, Handler, Table
from ports.errors import DeskError, Gone, Refused, Rejected, Transient
from ports.messages import Messenger, Priority, Screen
from ports.people import Person
from services.speech import Speech

log = structlog.get_logger()
NOTE_LATE_AFTER_S = 60
LONGEST_QUOTE = 200
NOT_ALLOWED = "not_allowed"
LATE = "late"


@dataclass(slots=True)
class Switchboard:
    """Turns a message or a tap into a request, has it answered and delivers the answer."""

    services: Services
    messenger: Messenger
    bot: Bot
    bot_name: str

    async def on_message(self, message: Message, person: Person, say: Speech, is_late: bool) -> None:
        """A typed command or free text."""
        is_private = message.chat.id == person.id
        if is_private and not person.is_reachable:  # the word that they unblocked us was lost
            person = await self.services.people.change(person.id, is_reachable=True)
        request = Request(
            services=self.services,
            person=person,
            say=say,
            chat_id=message.chat.id,
            said_at=message.date,
        )
        if message.text is None:
            if is_private and _is_content(message):
                await self._send(request, Screen(html=say.render("text_only.html")))
            return
        text = message.text
        if not is_private and not text.startswith("/"):
            return
        understood = understand(text, self.services.table)
        if (addressee(text) or self.bot_name).casefold() != self.bot_name.casefold():
            return
        if understood is None:
            answer = await answered(lambda: guess(replace(request, args=text)), say, command=text)
        else:
            if understood.command.is_urgent:
                request = replace(request, priority=Priority.KILL)
            answer = await self._command(understood.command, replace(request, args=understood.args), is_late)
        if answer.screen is not None:
            await self._send(request, self._dated(answer.screen, request, is_late))

    async def on_tap(self, query: CallbackQuery, person: Person, say: Speech, is_late: bool) -> None:
        """A pressed button: answered first, worked after; both at once where it is urgent."""
        prefix, _, payload = (query.data or "").partition(":")
        route = self.services.table.buttons.get(prefix)
        problem, outcome = None, LATE
        if route is None or query.message is None:
            problem = say("This button is from another time. Try /help.")
        elif not person.role.covers(route.role):
            problem, outcome = say("You may not do that."), NOT_ALLOWED
        elif is_late and not (route.is_read_only or route.is_urgent):
            problem = say("I was away when you pressed this; nothing was done. Press again.")
        if problem is not None or route is None or query.message is None:
            if route is not None and query.message is not None:
                self._note(person, query.message.chat.id, prefix, outcome, payload)
            await acknowledge(self.bot, query, problem, is_alert=True)
            return
        if route.is_urgent:
            async with asyncio.TaskGroup() as both:
                both.create_task(acknowledge(self.bot, query))
                await self._tapped(route, payload, query.message, person, say)
            return
        await acknowledge(self.bot, query)
        await self._tapped(route, payload, query.message, person, say)

    async def _tapped(
        self,
        route: ButtonRoute,
        payload: str,
        message: Message | InaccessibleMessage,
        person: Person,
        say: Speech,
    ) -> None:
        request = Request(
            services=self.services,
            person=person,
            say=say,
            chat_id=message.chat.id,
            args=payload,
            message_id=message.message_id,
            priority=Priority.KILL if route.is_urgent else Priority.ANSWER,
        )
        answer = await self._run(
            route.handler, request, route.action, command=payload if route.prefix in ("do", "now") else ""
        )
        if not route.is_read_only:
            self._note(person, request.chat_id, route.prefix, answer.outcome, payload, request.about)
        await self._deliver(answer, request, message)

    async def on_membership(self, event: ChatMemberUpdated, person: Person) -> None:
        """The person blocked or unblocked the bot."""
        if event.chat.id == person.id:
            is_reachable = event.new_chat_member.status not in ("kicked", "left")
            await self.services.people.change(person.id, is_reachable=is_reachable)

    async def _command(self, command: Command, request: Request, is_late: bool) -> Answer:
        typed = f"{command.name} {request.args}".strip()
        if not request.may(command.role):
            self._note(request.person, request.chat_id, f"/{command.name}", NOT_ALLOWED, request.args)
            refused = Refused(NOT_ALLOWED)
            return Answer(explained(refused, request.say, command=typed), is_error=True)
        if is_late and command.would_act(request.args) and not command.is_urgent:
            self._note(request.person, request.chat_id, f"/{command.name}", LATE, request.args)
            return Answer(self._too_late(request, typed))
        answer = await self._run(command.handler, request, command.action, command=typed)
        if command.would_act(request.args):
            self._note(request.person, request.chat_id, f"/{command.name}", answer.outcome, request.args)
        return answer

    def _note(
        self,
        person: Person,
        chat_id: int,
        deed: str,
        outcome: str,
        text: str,
        about: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Keep who did or tried what; what is only read is nobody's business."""
        self.services.audit.note(person.id, chat_id, deed, outcome, {**about, "text": text})

    async def _run(self, handler: Handler, request: Request, action: str | None, *, command: str) -> Answer:
        if action is not None:
            await self._show_busy(request.chat_id, action)
        return await answered(lambda: handler(request), request.say, command=command)

    def _too_late(self, request: Request, typed: str) -> Screen:
        say = request.say
        html = say.render("late.html", typed=f"/{typed}"[:LONGEST_QUOTE], age=self._age(request))
        pressed = again(typed, say("Do it now"))
        return Screen(html=html, keyboard=rows([pressed]) if pressed is not None else ())

    def _dated(self, screen: Screen, request: Request, is_late: bool) -> Screen:
        """Says that an answer comes late when the question is old."""
        if not is_late or request.said_at is None or self._age_s(request) < NOTE_LATE_AFTER_S:
            return screen
        note = request.say.render("late_note.html", age=self._age(request))
        return replace(screen, html=f"{note}\n{screen.html}", rich=None)

    def _age_s(self, request: Request) -> float:
        said_at = request.said_at or self.services.clock.wire_now()
        return (self.services.clock.wire_now() - said_at).total_seconds()

    def _age(self, request: Request) -> str:
        return request.say.age(self._age_s(request))

    async def _deliver(
        self, answer: Answer, request: Request, message: Message | InaccessibleMessage
    ) -> None:
        """In place of the tapped message where it can be; the cockpit stays what it is."""
        screen = answer.screen
        if screen is None:
            return
        is_same_kind = isinstance(message, Message) and _kind(message) == _kind(screen)
        is_cockpit = request.is_private and message.message_id == request.person.cockpit_message_id
        if is_same_kind and not is_cockpit and not answer.is_error:
            try:
                if await self.messenger.edit(
                    request.chat_id, message.message_id, screen, priority=request.priority
                ):
                    await _tell_delivered(request, request.chat_id, message.message_id)
                    return
            except Rejected as error:  # this message cannot become the answer; another one can
                log.warning("edit_refused", error=str(error))
            except (Gone, Transient) as error:
                await self._lost(request.chat_id, error)
                return
        await self._send(request, screen)

    async def _send(self, request: Request, screen: Screen) -> None:
        try:
            sent = await self.messenger.send(request.chat_id, screen, priority=request.priority)
        except (Gone, Transient, Rejected) as error:
            await self._lost(request.chat_id, error)
            return
        await _tell_delivered(request, sent.chat_id, sent.message_id)

    async def _lost(self, chat_id: int, error: Exception) -> None:
        """No answer arrived. Somebody who blocked us is left alone from now on."""
        if isinstance(error, Gone) and self.services.people.get(chat_id) is not None:
            await self.services.people.change(chat_id, is_reachable=False)
        else:
            log.error("answer_lost", chat=chat_id, error=str(error))

    async def _show_busy(self, chat_id: int, action: str) -> None:
        try:
            await self.bot.send_chat_action(chat_id, action)
        except (TelegramAPIError, ClientDecodeError) as error:
            log.info("busy_not_shown", error=str(error)[:120])


async def _tell_delivered(request: Request, chat_id: int, message_id: int) -> None:
    """Those who keep messages alive hear where this one is; the answer itself has arrived."""
    for tell in request.delivered:
        try:
            await tell(chat_id, message_id)
        except DeskError as error:
            log.warning("delivered_not_kept", chat=chat_id, error=str(error))


def is_urgent(update: Update, table: Table) -> bool:
    """Whether an update must wait for no other: a command or a tap that stops things."""
    if update.callback_query is not None:
        route = table.buttons.get((update.callback_query.data or "").partition(":")[0])
        return route is not None and route.is_urgent
    text = update.message.text if update.message is not None else None
    understood = understand(text, table) if text else None
    return understood is not None and understood.command.is_urgent


def _kind(shown: Message | Screen) -> tuple[bool, bool]:
    """What can replace what: text (rich or not), a picture or a document."""
    if isinstance(shown, Screen) and shown.rich is not None:
        return False, False
    return shown.photo is not None, shown.document is not None


def _is_content(message: Message) -> bool:
    """Something a person sent, not a note by Telegram that somebody joined or pinned."""
    return any(
        getattr(message, kind, None) is not None
        for kind in (
            "photo",
            "document",
            "sticker",
            "voice",
            "video",
            "audio",
            "animation",
            "video_note",
            "location",
            "contact",
            "poll",
            "dice",
        )
    )
