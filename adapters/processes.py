"""Processes of this machine, told apart by number and the moment of their start: numbers come again."""

import os
import secrets
import socket

import psutil


class SystemProcesses:
    """`Processes` as the operating system tells of them."""

    def own_name(self) -> str:
        started = psutil.Process().create_time()
        return f"{socket.gethostname()}/{os.getpid()}/{started:.2f}/{secrets.token_hex(4)}"

    def is_running(self, name: str) -> bool | None:
        host, number, started, _ = name.rsplit("/", maxsplit=3)
        if host != socket.gethostname():
            return None
        try:
            process = psutil.Process(int(number))
            is_zombie = process.status() == psutil.STATUS_ZOMBIE
            return not is_zombie and f"{process.create_time():.2f}" == started
        except psutil.NoSuchProcess:
            return False
