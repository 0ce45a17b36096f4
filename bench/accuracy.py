"""Right, missed and false alerts, by kind: simulated operations, and real traces with faults put into them.

Simulated: each seed lays four roads (one that winds, one there and back on the same line, one that crosses itself, one
that comes back beside itself), and drives a convoy of four vehicles on each, twice: on an ordinary day with red lights,
slow traffic, halts as often as real traces show them and GPS errors as large; and with one fault a convoy, each of
those that `kawal simulate` knows in turn. Labels made from the truth say what must come, what may, and what must not.

Real traces are read from ../shared/data beside the repository; without them that part is left out. Detours, stops and
pairs of vehicles are put into them.

All pings go through the code that `kawal detect` runs. Two simple rules judge the same pings beside it: a corridor of
25 m without hold, and 300 s below 0.5 m/s. The full form takes some minutes on two cores.
"""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

from bench import cli
from bench.judged.injected import judge_trace
from bench.judged.progress import follow_seed
from bench.judged.report import Accuracy
from bench.judged.simulated import judge_seed
from bench.judged.traces import available, traces
from bench.measure import load_average

SEEDS = 200
FOLLOWED_SHARE = 2
"""Following progress ping by ping costs as much as judging: half of the seeds are enough."""

TIMES_SHARE = 5
PAGE = Path(__file__).parents[1] / "docs" / "accuracy.md"
BEGIN, END = "<!-- begin of what scripts/bench accuracy measured -->", "<!-- end -->"

Job = TypeVar("Job")
Done = TypeVar("Done")


def measure(seeds: int) -> Accuracy:
    """Judge so many seeds, and the real traces where they are there, on all cores."""
    accuracy = Accuracy(seeds, load_average())
    with ProcessPoolExecutor() as pool, cli.bars() as progress:

        def run(what: str, judge: Callable[[Job], Done], jobs: Sequence[Job], take: Callable[[Done], None]) -> None:
            with cli.bar(progress, what, len(jobs)) as advance:
                for done in pool.map(judge, jobs):
                    take(done)
                    advance(1)

        run("simulated operations", judge_seed, range(seeds), accuracy.simulated.add)
        run("progress", follow_seed, range(0, seeds, FOLLOWED_SHARE), accuracy.followed.add)
        if available():
            times = max(seeds // TIMES_SHARE, 1)
            jobs = [(trace, number, times) for number, trace in enumerate(traces())]
            run("real traces", judge_trace, jobs, accuracy.traces.append)
    return accuracy


def write_page(accuracy: Accuracy, page: Path = PAGE) -> None:
    """Put the tables into the page, between its two marks. Raises ValueError where they are not there."""
    text = page.read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} lacks the marks between which the tables stand")
    command = f"Measured by `scripts/bench accuracy --seeds {accuracy.seeds} --write`."
    page.write_text(f"{head}{BEGIN}\n\n{command}\n\n{accuracy.markdown()}\n\n{END}{tail}", encoding="utf-8")


def main() -> None:
    options = cli.parser("accuracy", __doc__)
    options.add_argument("--seeds", type=int, default=SEEDS, help=f"simulated operations ({SEEDS})")
    options.add_argument("--list", action="store_true", help="tell each miss, late and false alarm on stderr")
    options.add_argument("--write", action="store_true", help="put the tables into docs/accuracy.md")
    asked = options.parse_args()
    if asked.seeds < 1:
        options.error("--seeds must be 1 or more")
    if not available():
        print("The real traces are not there: that part is left out.", file=sys.stderr)
    accuracy = measure(asked.seeds)
    if asked.list:
        print("\n".join(accuracy.notes()), file=sys.stderr)
    if asked.write:
        write_page(accuracy)
    cli.emit(accuracy, asked.json)


if __name__ == "__main__":
    main()
