"""Messages of backtests: none says for ever that it goes on, and none is fought for."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ports.errors import Gone, Rejected
from ports.messages import Screen
from services.backtesting.board import ANSWER_WITHIN, PAUSE, Board
from services.backtesting.job import Job, State
from tests.build.clock import HandClock
from tests.build.messenger import RecordingMessenger

CHAT, MESSAGE = 13, 55


@dataclass(slots=True)
class Room:
    """A board whose screens say the state of a job, and its one job."""

    clock: HandClock = field(default_factory=HandClock)
    messenger: RecordingMessenger = field(default_factory=RecordingMessenger)
    settled: list[str] = field(default_factory=list)
    job: Job = field(
        default_factory=lambda: Job(id="ab12cd34", person_id=CHAT, chat_id=CHAT, asked="sma", title="SMA")
    )

    def board(self) -> Board:
        made = Board(self.messenger, self.clock, self._view, self._result, self._settle, 0.5, 5.0)
        made.put(self.job)
        return made

    def end(self, state: State) -> None:
        self.job.state, self.job.ended_at = state, self.clock.wire_now()

    def said(self) -> list[tuple[int | None, str]]:
        """What each message says now, `None` for those that were sent anew."""
        told = {one.message_id if one.is_edit else None: one.screen.html for one in self.messenger.deliveries}
        return list(told.items())

    def _view(self, job: Job) -> Screen:
        return Screen(html=job.state.value)

    async def _result(self, job: Job) -> Sequence[Screen]:
        return [Screen(html="picture")]

    async def _settle(self, job: Job) -> None:
        self.settled.append(job.id)


async def test_one_that_ends_before_its_answer_arrives_is_told_of_there() -> None:
    room = Room()
    board = room.board()
    room.end(State.FAILED)
    await board.look()
    assert room.messenger.deliveries == []
    board.arrived(room.job, MESSAGE)
    await board.look()
    assert room.said() == [(MESSAGE, "failed")]
    assert room.settled == ["ab12cd34"]


async def test_an_answer_that_was_lost_is_sent_anew_and_the_late_one_corrected() -> None:
    room = Room()
    board = room.board()
    room.end(State.DONE)
    room.clock.move(ANSWER_WITHIN.total_seconds())
    await board.look()
    assert [one.screen.html for one in room.messenger.sent] == ["done", "picture"]
    board.arrived(room.job, MESSAGE)
    await board.look()
    assert [(one.message_id, one.screen.html) for one in room.messenger.edits] == [(MESSAGE, "done")]
    assert len(room.messenger.sent) == 2


async def test_where_nothing_is_taken_it_is_tried_again_after_a_pause() -> None:
    for failure in (Gone("blocked"), Rejected("bad words")):
        room = Room()
        board = room.board()
        board.arrived(room.job, MESSAGE)
        room.clock.move(6)
        room.messenger.failure = failure
        await board.look()
        room.messenger.failure = None
        await board.look()
        assert room.messenger.deliveries == []
        room.clock.move(PAUSE.total_seconds())
        await board.look()
        assert room.said() == [(MESSAGE, "waiting")]
        assert room.settled == []
