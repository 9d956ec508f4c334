"""Other tools on the same workloads, each in a process of its own.

A rival's process (`python -m benchmarks.rivals NAME`) reads the name of a workload from each line
it is given and answers with one JSON line: the microseconds per step of each of its ways to train
it, and on a workload's first line the losses they end with. It stays alive between samples, so that
what is compiled once is compiled once, and does nothing while others are timed.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

# What makes XLA's processor code faster, for some workloads: one function for the whole loop, wider
# vectors, narrower ones. Each choice needs its own process.
XLA = {
    "bigwhile": "--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold=1000000000",
    "512": "--xla_cpu_prefer_vector_width=512",
    "avx2": "--xla_cpu_max_isa=AVX2",
}
FLAGS = ("", "bigwhile", "512", "bigwhile 512", "avx2")
FAMILIES = ("jax", "torch", "sklearn", "numba")


@dataclass
class Rival:
    """A rival's process.

    Attributes:
        family: The tool.
        flags: The names of the XLA flags it runs with.
        losses: The final losses of the last workload, by way of training.
    """

    family: str
    flags: str = ""
    losses: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        environment = dict(os.environ)
        if self.flags:
            chosen = " ".join(XLA[name] for name in self.flags.split())
            environment["XLA_FLAGS"] = f"{environment.get('XLA_FLAGS', '')} {chosen}".strip()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.rivals", self.family],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )

    def sample(self, workload: str) -> dict[str, float]:
        """Microseconds per step of each way to train a workload; empty where it has none."""
        answer = self._ask(workload)
        if "losses" in answer:
            self.losses = answer["losses"]
        for message in answer.get("failures", ()):
            print(f"{self.family} {self.flags} on {workload}: {message}", file=sys.stderr)
        return answer["microseconds"]

    def _ask(self, workload: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(workload, file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            return {"microseconds": {}, "losses": {}, "failures": ["its process has ended"]}
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def start(families: list[str]) -> list[Rival]:
    """Start the processes of these tools."""
    return [
        Rival(family, flags)
        for family in families
        for flags in (FLAGS if family == "jax" else ("",))
    ]
