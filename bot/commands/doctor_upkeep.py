"""What `perpetuum doctor` says of backups, the machine, side files, the lease and the outside watch."""

import asyncio
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from bot.commands.finding import Finding
from bot.outside import LATCHES, build_backups, latch_file
from bot.secrets import STORE
from bot.settings import Settings
from ports.desk_state import Unreadable
from ports.errors import Fatal
from services.backups import EVERY

LEAST_FREE: Final = 1 << 30
"""Bytes on the disk of the data folder."""
_MAKE_ONE: Final = "run perpetuum backup, or let the desk run"
_FRESH: Final = timedelta(minutes=5)


async def check_backups(settings: Settings) -> Finding:
    """How old the newest is, and whether there can be another."""
    try:
        store = build_backups(settings)
        await asyncio.to_thread(store.check)
    except Fatal as error:
        return Finding("backups", False, str(error), "until then nothing is backed up")
    there = await store.all()
    if not there:
        return Finding("backups", True, f"none yet in {store.folder}", _MAKE_ONE)
    age = datetime.now(UTC) - there[-1].made_at
    says = f"{len(there)} in {store.folder}, the newest {age.total_seconds() / 3600:.0f} h old"
    is_late = age > 2 * EVERY
    return Finding("backups", True, says, _MAKE_ONE if is_late else "")


def check_machine(settings: Settings) -> list[Finding]:
    """Room on the disk, and what the machine does already."""
    cores, busy = os.cpu_count() or 1, os.getloadavg()[1]
    memory_mb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
    desk = settings.desk
    advice = [
        *([f"it is busy without the desk: {busy:.1f} of {cores} cores"] if busy > cores else []),
        *([f"desk.memory_mb ({desk.memory_mb}) is more than it has"] if desk.memory_mb > memory_mb else []),
    ]
    says = f"{cores} cores, {busy:.1f} of them busy; {memory_mb} MB of memory"
    folder = next(path for path in (desk.data_dir, *desk.data_dir.absolute().parents) if path.exists())
    free = shutil.disk_usage(folder).free
    room = f"{free / 1e9:.1f} GB free for {desk.data_dir}"
    return [
        Finding("machine", True, says, "; ".join(advice)),
        Finding("disk", free >= LEAST_FREE, room, "" if free >= LEAST_FREE else "make room: at least 1 GB"),
    ]


async def check_side_files(settings: Settings) -> Finding:
    """The latches beside the database."""
    try:
        latches = await latch_file(settings).read()
    except Unreadable as error:
        mend = f"an admin clears it with /resume; or put {LATCHES} of a backup back"
        return Finding("side files", False, f"{error}: everything counts as stopped", mend)
    store = settings.desk.data_dir / STORE
    kept = f"; secrets in {store}" if store.exists() else ""
    if not latches:
        return Finding("side files", True, f"no latch is in force{kept}")
    names = ", ".join(sorted(latch.id for latch in latches))
    return Finding("side files", True, f"in force: {names}{kept}", "an admin clears what is over: /latches")


def check_lease(
    held: tuple[str, datetime] | None, now: datetime, is_running: Callable[[str], bool | None]
) -> Finding:
    """Who runs the desk."""
    if held is None:
        return Finding("lease", True, "nobody runs this desk")
    holder, renewed_at = held
    runs = is_running(holder)
    who = f"{'/'.join(holder.split('/')[:2])}, seen {max((now - renewed_at).total_seconds(), 0):.0f} s ago"
    if runs:
        return Finding("lease", True, f"the desk runs here ({who}); a second one would stop itself")
    if runs is None and now - renewed_at < _FRESH:
        mend = "stop that one before you start another"
        return Finding("lease", True, f"the desk runs on another machine ({who})", mend)
    return Finding("lease", True, f"left by a desk that is gone ({who}); the next start takes it")


async def check_heartbeat(settings: Settings, within_s: float) -> Finding:
    """Whether somebody outside would notice. Its host is asked for a connection, and gets no beat: that would
    say that the desk is alive."""
    subject = "outside watch"
    if settings.desk.heartbeat_url is None:
        mend = "set desk.heartbeat_url, or nobody hears when this machine dies"
        return Finding(subject, True, "none", mend)
    url = urlsplit(settings.desk.heartbeat_url)
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    try:
        async with asyncio.timeout(within_s):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        says = f"{host} cannot be reached: {getattr(error, 'strerror', None) or type(error).__name__}"
        return Finding(subject, False, says, "check desk.heartbeat_url and the network")
    writer.close()
    return Finding(subject, True, f"{host} can be reached")
