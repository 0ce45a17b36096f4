"""`kawal dlt`: the records that could not be used: listed, looked at, sent again."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from base64 import b64encode
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Annotated, Any, get_args

import typer
from rich.console import Console
from rich.table import Table

from bus.dead_letters import Fate, Letter, Place, dead_letters, fate_of, redrive
from cli.escaped import escaped, lines_of
from cli.exits import Exit, broker_faults, broker_of, leave, read_settings
from models.dead_letter import RETRIES_MAX, Code
from models.faults import did_you_mean
from models.instants import format_instant
from models.topics import TopicSet

_ID = re.compile(r"([\w.-]+)/(\d{1,9})/(\d{1,18})", re.ASCII)

app = typer.Typer(help="Dead letters: records that could not be used.", no_args_is_help=True)

Codes = Annotated[list[str] | None, typer.Option("--code", metavar="CODE", help="Only these reasons; repeatable.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a letter and line.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="As `kawal dlt list` prints it: TOPIC/PARTITION/OFFSET.")]


@app.command("list")
def list_(
    code: Codes = None,
    last: Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="The newest N of them.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the letters that were not sent again, oldest first, and how many there are of each reason.

    Reads <prefix>.convoy-pings-dlt, .escort-pings-dlt and, where there is one, .gateway-dlt.

    Examples:

        kawal dlt list --code bad-time

        kawal dlt list --json --last 1000
    """
    broker, topics = _target(code)
    with broker_faults(broker):
        summaries, counts = asyncio.run(_newest(broker, topics, code, last))
    if as_json:
        for summary in summaries:
            typer.echo(json.dumps(summary))
    elif summaries:
        Console(markup=False, emoji=False, highlight=False).print(_table(summaries))
    reasons = ", ".join(f"{count} {name or 'without a code'}" for name, count in counts.most_common())
    typer.echo(f"{counts.total()} dead letters{f': {reasons}' if reasons else ''}.", err=True)


@app.command()
def show(
    letter_id: Id,
    as_json: AsJson = False,
    raw: Annotated[bool, typer.Option("--raw", help="Only the original bytes, as they are: for a file.")] = False,
) -> None:
    """Show one letter: all its headers, its key and its original bytes, escaped, or as hex where they are no text.

    It may hold a position: treat it as you treat the pings.

    Example:

        kawal dlt show convoy-pings-dlt/3/17 --raw > message.json
    """
    broker, topics = _target(None)
    place = _place(letter_id, topics)
    with broker_faults(broker):
        letter = asyncio.run(_found(broker, topics, place))
    if letter is None:
        leave(Exit.FAILED, f"No dead letter is at {letter_id}. `kawal dlt list` shows those that are.")
    if raw:
        sys.stdout.buffer.write(letter.value or b"")
    elif as_json:
        typer.echo(json.dumps(_whole(letter, topics)))
    else:
        for line in _shown(letter):
            typer.echo(line)


@app.command("redrive")
def redrive_(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Letters, as `list` prints them.")] = None,
    code: Codes = None,
    everything: Annotated[bool, typer.Option("--all", help="All letters there are.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")] = False,
) -> None:
    """Send letters again to the topic they came from, bytes and headers as they were: after their cause is mended.

    Each is sent at most three times; what was sent is listed no more. A letter that is still wrong comes back as a
    new one. What came in through the gateway has no topic to go back to. Prints a line a letter: its fate and its id.

    Examples:

        kawal dlt redrive --code bad-time --dry-run

        kawal dlt redrive convoy-pings-dlt/3/17
    """
    if bool(ids) + bool(code) + everything != 1:
        raise typer.BadParameter("say which: ids, or --code, or --all")
    broker, topics = _target(code)
    wanted = {_place(text, topics) for text in ids or ()}
    fates: Counter[str] = Counter()

    def tell(letter: Letter, fate: Fate) -> None:
        fates[fate] += 1
        said = "would-send" if dry_run and fate == "sent" else fate
        typer.echo(f"{said:<10} {_id(letter.place, topics)}")

    def is_meant(letter: Letter) -> bool:
        return letter.place in wanted if wanted else _is_of(letter, code)

    with broker_faults(broker):
        asyncio.run(_redrive(broker, topics, is_meant, tell, dry_run))
    _conclude(fates, len(wanted), dry_run)


async def _redrive(
    broker: str,
    topics: TopicSet,
    is_meant: Callable[[Letter], bool],
    tell: Callable[[Letter, Fate], None],
    dry_run: bool,
) -> None:
    async with dead_letters(broker, topics) as letters:
        meant = (letter async for letter in letters.read() if is_meant(letter))
        if dry_run:
            async for letter in meant:
                tell(letter, fate_of(letter, topics))
        else:
            await redrive(broker, topics, meant, tell)


def _conclude(fates: Counter[str], named: int, dry_run: bool) -> None:
    if fates["too-often"]:
        advice = "Mend what sends them; `kawal dlt show ID --raw` gives the bytes."
        typer.echo(f"{fates['too-often']} were sent again {RETRIES_MAX} times and came back. {advice}", err=True)
    if fates["not-ours"]:
        typer.echo(f"{fates['not-ours']} came from no ping topic of this set: they cannot be sent again.", err=True)
    typer.echo(f"{fates.total()} found, {0 if dry_run else fates['sent']} sent.", err=True)
    if fates.total() < named:
        leave(Exit.FAILED, f"{named - fates.total()} of {named} are not there, or were sent again already.")


async def _newest(
    broker: str, topics: TopicSet, codes: list[str] | None, last: int
) -> tuple[list[dict[str, Any]], Counter[str]]:
    counts: Counter[str] = Counter()
    async with dead_letters(broker, topics) as letters:
        newest = {name: deque[tuple[int, dict[str, Any]]](maxlen=last) for name in letters.topics}
        async for letter in letters.read():
            if _is_of(letter, codes):
                counts[letter.code] += 1
                newest[letter.place.topic].append((letter.time_ms, _summary(letter, topics)))
    merged = sorted((it for kept in newest.values() for it in kept), key=itemgetter(0))
    return [summary for _, summary in merged[-last:]], counts


async def _found(broker: str, topics: TopicSet, place: Place) -> Letter | None:
    async with dead_letters(broker, topics) as letters:
        return await letters.at(place)


def _summary(letter: Letter, topics: TopicSet) -> dict[str, Any]:
    return {
        "id": _id(letter.place, topics),
        "at": format_instant(letter.time_ms),
        "code": letter.code,
        "key": None if letter.key is None else escaped(letter.key),
        "message": letter.message,
        "retry_count": letter.retries,
        "bytes": len(letter.value or b""),
    }


def _whole(letter: Letter, topics: TopicSet) -> dict[str, Any]:
    value = None if letter.value is None else b64encode(letter.value).decode()
    named = [{"name": name, "value": escaped(text)} for name, text in letter.headers]
    return _summary(letter, topics) | {"headers": named, "value_base64": value}


def _table(summaries: Sequence[dict[str, Any]]) -> Table:
    table = Table("Id", "At", "Code", "Key", "Message")
    for heading in ("Sent again", "Bytes"):
        table.add_column(heading, justify="right")
    for it in summaries:
        cells = (it["id"], it["at"], it["code"], it["key"] or "", it["message"], it["retry_count"], it["bytes"])
        table.add_row(*(escaped(str(cell).encode(errors="replace")) for cell in cells))
    return table


def _shown(letter: Letter) -> Iterator[str]:
    yield f"at     {format_instant(letter.time_ms)}"
    yield f"key    {'none' if letter.key is None else escaped(letter.key)}"
    for name, text in letter.headers:
        yield f"header {escaped(name.encode(errors='replace'))}: {escaped(text)}"
    yield f"value  {'none' if letter.value is None else f'{len(letter.value):,} bytes'}"
    yield from lines_of(letter.value or b"")


def _is_of(letter: Letter, codes: list[str] | None) -> bool:
    return not codes or letter.code in codes


def _id(place: Place, topics: TopicSet) -> str:
    return f"{place.topic.removeprefix(f'{topics.prefix}.')}/{place.partition}/{place.offset}"


def _place(text: str, topics: TopicSet) -> Place:
    match = _ID.fullmatch(text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is no id like convoy-pings-dlt/3/17")
    return Place(f"{topics.prefix}.{match[1]}", int(match[2]), int(match[3]))


def _target(codes: list[str] | None) -> tuple[str, TopicSet]:
    for code in codes or ():
        if code not in get_args(Code):
            raise typer.BadParameter(f"{code!r} is no code{did_you_mean(code, get_args(Code))}")
    settings = read_settings()
    return broker_of(settings), TopicSet(settings.topic_prefix, settings.partitions)
