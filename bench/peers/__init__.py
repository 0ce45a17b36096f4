"""What Kawal is measured beside; each module is a process of its own that prints one JSON line when it has read all."""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path

from bench.measure import BenchError, Reading

ROOT = Path(__file__).parents[2]
PEER_S_MAX = 300


class PeerError(BenchError):
    """A peer ended without its reading; the message holds the end of what it said."""


async def run(name: str, **options: object) -> Reading:
    """Start `bench.peers.NAME` with these options, wait for its reading and end it. Raises PeerError."""
    words = [word for option, value in options.items() for word in (f"--{option}", *_words(value))]
    with tempfile.TemporaryDirectory(prefix="kawal-bench-") as folder:  # Faust leaves a folder where it runs
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"bench.peers.{name}", *words),
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE,
            stderr=(Path(folder) / "stderr").open("wb"),
        )
        try:
            line = await asyncio.wait_for(_reading(process), PEER_S_MAX)
            if not line:
                raise PeerError(f"{name} ended without a reading:\n{(Path(folder) / 'stderr').read_text()[-2000:]}")
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
    return Reading(**json.loads(line))


def _words(value: object) -> list[str]:
    return [str(word) for word in (value if isinstance(value, list) else [value])]


async def _reading(process: asyncio.subprocess.Process) -> bytes:
    """The JSON of the reading; Faust's worker plays with the cursor before it."""
    assert process.stdout is not None
    async for line in process.stdout:
        if b"{" in line:
            return line[line.index(b"{") :]
    return b""
