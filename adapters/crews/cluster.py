"""A crew on other machines: the workers of a Dask cluster, by the extra `cluster`.

What goes there is pickled and not encrypted, and a cluster runs what it is sent: only for a network of one's
own. Every worker must have the same code as this process, or its results would not be the same.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from adapters.crews.executor import ExecutorCrew
from ports.errors import Fatal, Transient

Parcel = TypeVar("Parcel")
Task = TypeVar("Task")
Result = TypeVar("Result")

_RETRIES = 3


class ClusterCrew(Generic[Parcel]):
    """The workers of the scheduler at `address` (`tcp://host:port`). `version` is asked of each worker and
    must answer what it answers here.

    Raises `Fatal` without the extra, without an answer, without workers, or where one has other code.
    """

    def __init__(
        self, address: str, parcel: Parcel, *, version: Callable[[], str], connect_s: float = 10.0
    ) -> None:
        self._client = _connected(address, connect_s)
        try:
            self._size = _checked(self._client, address, version)
            # on every worker: a killed one takes nothing with it that another does not have
            handed = self._client.scatter(parcel, broadcast=True, hash=False)
            executor = self._client.get_executor(pure=False, retries=_RETRIES)
            self._crew: ExecutorCrew[Any] = ExecutorCrew(executor, handed, size=self._size)
        except BaseException:
            self._client.close()
            raise

    @property
    def size(self) -> int:
        return self._size

    def work(
        self, function: Callable[[Parcel, Task], Result], tasks: Sequence[Task]
    ) -> Iterator[tuple[int, Result]]:
        from distributed import KilledWorker

        try:
            yield from self._crew.work(function, tasks)
        except KilledWorker as error:
            raise Transient(
                f"the cluster lost its workers over a task: {error}; what is finished is kept: run the same"
                " command again"
            ) from error

    def close(self) -> None:
        self._client.close()


def _connected(address: str, connect_s: float) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise Fatal("--cluster needs the extra `cluster`: pip install 'perpetuum[cluster]'") from error
    try:
        client: Callable[..., Any] = Client
        return client(address, timeout=connect_s, set_as_default=False)
    except (OSError, ValueError) as error:
        raise Fatal(
            f"--cluster {address}: no scheduler answers there; start one with `dask scheduler`, and workers"
            " with `dask worker tcp://HOST:PORT`"
        ) from error


def _checked(client: Any, address: str, version: Callable[[], str]) -> int:
    """How many tasks the workers do at once."""
    threads = client.nthreads()
    if not threads:
        raise Fatal(f"--cluster {address}: it has no workers; start some with `dask worker {address}`")
    wanted = version()
    for worker, told in client.run(version, on_error="return").items():
        if told != wanted:
            raise Fatal(
                f"--cluster {address}: {worker} has other code of Perpetuum ({told}); install this one"
            )
    return sum(threads.values())
