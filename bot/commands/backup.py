"""`perpetuum backup` and `perpetuum restore`."""

import argparse
import asyncio
from datetime import UTC, datetime

from bot.outside import build_backups, restore_backup
from bot.settings import Settings


def run(settings: Settings, options: argparse.Namespace) -> int:
    """The exit code. Raises `Fatal`."""
    if options.command == "backup":
        return _backup(settings, options)
    restored = restore_backup(settings, options.backup, datetime.now(UTC))
    for place in restored.put_back:
        print(f"Put back: {place}")
    for path in restored.stayed:
        print(f"Left as it is: {path}; remove it first to have the one of the backup")
    if restored.aside is not None:
        print(f"What was there is kept in {restored.aside}")
    if restored.renamed:
        print(f"What was there is kept as schemas {', '.join(restored.renamed)}: drop them in the end")
    print(f"The desk is as of {restored.manifest.made_at:%Y-%m-%d %H:%M:%S} UTC.")
    return 0


def _backup(settings: Settings, options: argparse.Namespace) -> int:
    store = build_backups(settings, options.to)
    backup = asyncio.run(store.make(datetime.now(UTC)))
    print(f"{backup.path}  {backup.size_bytes / 1e6:.1f} MB, verified")
    return 0
