"""DataLoader: batches of a data set, in order or shuffled, in this process or in workers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from thalweg.errors import ArgumentError, CallError
from thalweg.random.generator import Generator
from thalweg.torch.utils.data.collate import default_collate, default_convert
from thalweg.torch.utils.data.dataset import IterableDataset
from thalweg.torch.utils.data.epoch import LoaderIterator, Reading, SerialIterator
from thalweg.torch.utils.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext


FIXED = {
    "batch_sampler", "batch_size", "dataset", "drop_last", "persistent_workers", "sampler",
}  # fmt: skip


class DataLoader:
    """Iterate over the batches of a data set.

    Data sets over arrays (`TensorDataset`, arrays themselves, and `Subset`, `ConcatDataset`,
    `StackDataset` of them) are read by the whole batch; others sample by sample.

    Args:
        dataset: Anything with `__len__` and `__getitem__`, or an `IterableDataset`.
        batch_size: Samples a batch; None yields the samples themselves.
        shuffle: Whether each epoch has a new random order: PyTorch's for the same seed.
        sampler: An iterable of indices, in place of `shuffle`.
        batch_sampler: An iterable of lists of indices, in place of `batch_size`, `shuffle`,
            `sampler` and `drop_last`.
        num_workers: Processes that read batches ahead; 0 reads in this process.
        collate_fn: What makes a batch of a list of samples; `default_collate` by default.
        pin_memory: Accepted and ignored: no batch is copied to a device.
        drop_last: Whether a last, smaller batch is left out.
        timeout: Seconds to wait for a worker's batch; 0 waits for ever.
        worker_init_fn: Called in each worker with its number before it reads.
        multiprocessing_context: A start method ("fork", "spawn", "forkserver") or a context.
        generator: Where shuffling and the workers' seeds come from; the default one by default.
        prefetch_factor: Batches that each worker reads ahead; 2 by default.
        persistent_workers: Whether the workers live until the loader is deleted.
        pin_memory_device: Accepted and ignored, as `pin_memory`.
        in_order: Whether batches come in the order of the sampler, also from several workers.

    Raises:
        ArgumentError: If arguments contradict each other or are outside their range.

    Example:
        >>> import numpy as np
        >>> from thalweg.torch.utils.data import DataLoader, TensorDataset
        >>> loader = DataLoader(TensorDataset(np.arange(5.0)), batch_size=2)
        >>> [x.tolist() for (x,) in loader]
        [[0.0, 1.0], [2.0, 3.0], [4.0]]
        >>> len(loader)
        3
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[list[Any]] | Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: str | BaseContext | None = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.generator = generator
        self.persistent_workers = persistent_workers
        self.in_order = in_order
        self._check_workers()
        self.multiprocessing_context = multiprocessing_context
        self._check_order(batch_size, shuffle, sampler, batch_sampler, drop_last)
        self.shuffle = bool(shuffle)
        if sampler is None and not self._is_stream:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else None
            sampler = SequentialSampler(dataset) if sampler is None else sampler
        if batch_sampler is not None:
            batch_size, drop_last = None, False
        elif batch_size is not None:
            batch_sampler = BatchSampler(sampler or (), batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        convert = default_convert if batch_sampler is None else default_collate
        self.collate_fn = collate_fn or convert
        self.announced_length: int | None = None  # what len() last said of a stream
        self._workers: LoaderIterator | None = None
        self._ready = True

    def _check_workers(self) -> None:
        workers, ahead = self.num_workers, self.prefetch_factor
        if workers < 0:
            raise ArgumentError(
                "num_workers option should be non-negative; use num_workers=0 to disable "
                f"multiprocessing. It is {workers}."
            )
        if self.timeout < 0:
            raise ArgumentError(
                f"timeout option should be non-negative; it is {self.timeout}. Pass 0 to wait for "
                "ever."
            )
        if ahead is not None and (not workers or ahead < 1):
            raise ArgumentError(
                "prefetch_factor option could only be specified in multiprocessing.let num_workers "
                "> 0 to enable multiprocessing, otherwise set prefetch_factor to None."
                if not workers
                else f"prefetch_factor option should be non-negative, and at least 1: it is {ahead}"
            )
        if self.persistent_workers and not workers:
            raise ArgumentError(
                "persistent_workers option needs num_workers > 0: there is no worker to keep."
            )

    def _check_order(
        self, batch_size: int | None, shuffle: Any, sampler: Any, batch_sampler: Any, drop_last: Any
    ) -> None:
        if self._is_stream:
            given = {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batch_sampler}
            for name, value in given.items():
                if value is not None:
                    raise ArgumentError(
                        f"DataLoader got an IterableDataset and {name}={value!r}; a stream has its "
                        f"own order. Leave {name} out, and order the samples in __iter__."
                    )
        if sampler is not None and shuffle:
            raise ArgumentError(
                "sampler option is mutually exclusive with shuffle: each is an order. Leave "
                "shuffle out."
            )
        if batch_sampler is not None and (
            batch_size != 1 or shuffle or sampler is not None or drop_last
        ):
            raise ArgumentError(
                "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and "
                "drop_last: it decides all of these. Leave them out."
            )
        if batch_size is None and drop_last:
            raise ArgumentError(
                "batch_size=None option disables auto-batching and is mutually exclusive with "
                "drop_last: without batches none is dropped. Leave drop_last out."
            )

    @property
    def _is_stream(self) -> bool:
        return isinstance(self.dataset, IterableDataset)

    @property
    def multiprocessing_context(self) -> BaseContext | None:
        """How worker processes start; None for Python's own way."""
        return self._context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context: Any) -> None:
        if context is not None:
            context = _context(context, self.num_workers)
        self._context: BaseContext | None = context

    def __setattr__(self, name: str, value: Any) -> None:
        if name in FIXED and "_ready" in self.__dict__:
            raise ArgumentError(
                f"{name} was set on a DataLoader; it is fixed when the loader is made. "
                "Make a new DataLoader."
            )
        super().__setattr__(name, value)

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        if not self._is_stream:
            order: Any = self.sampler if self.batch_sampler is None else self.batch_sampler
            return len(order)
        n = len(self.dataset)
        if self.batch_size is not None:
            n = n // self.batch_size if self.drop_last else -(-n // self.batch_size)
        self.announced_length = n
        return n

    def __iter__(self) -> LoaderIterator:
        if not self.num_workers:
            return SerialIterator(self)
        from thalweg.torch.utils.data.parallel import ParallelIterator

        if not self.persistent_workers:
            return ParallelIterator(self)
        if isinstance(self._workers, ParallelIterator) and self._workers.alive:
            self._workers.begin(self)
        else:
            self._workers = ParallelIterator(self)
        return self._workers

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_workers": None}

    def index_batches(self) -> Iterator[Any]:
        """Return what one epoch asks of the data set: indices a batch, or sizes of a stream."""
        if self._is_stream:
            return itertools.repeat(self.batch_size)
        order: Any = self.sampler if self.batch_sampler is None else self.batch_sampler
        if isinstance(order, BatchSampler) and type(order).__iter__ is BatchSampler.__iter__:
            return order.arrays()
        return iter(order)

    def reading(self) -> Reading:
        """Return what is read, and how samples become batches."""
        batched = self.batch_sampler is not None
        return Reading(self.dataset, self.collate_fn, batched, self.drop_last)


def _context(context: Any, num_workers: int) -> BaseContext:
    import multiprocessing
    from multiprocessing.context import BaseContext

    if not num_workers:
        raise ArgumentError(
            f"DataLoader got multiprocessing_context={context!r} with num_workers=0; there is no "
            "process to start. Pass num_workers > 0."
        )
    if isinstance(context, str):
        methods = multiprocessing.get_all_start_methods()
        if context not in methods:
            raise ArgumentError(
                f"DataLoader got multiprocessing_context={context!r}; one of {methods} is wanted. "
                "Pass one of these names."
            )
        return multiprocessing.get_context(context)
    if not isinstance(context, BaseContext):
        raise CallError(
            f"DataLoader got multiprocessing_context={context!r}; a start method or a context of "
            "multiprocessing is wanted. Pass 'fork', 'spawn' or 'forkserver'."
        )
    return context
