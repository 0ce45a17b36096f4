"""What one run tells and another does not, of the same vehicle."""

from collections import Counter
from collections.abc import Sequence

from bench.judged.episodes import Episode

LONGER_STALL_S = 150.0
"""Beyond the hold: the 60 s by which a ping may be late, and the intervals of slow reporters."""


def lacking(episodes: Sequence[Episode], others: Sequence[Episode], until_ms: int) -> Counter[str]:
    """How many of each kind other episodes lack. Of stalls only a long one counts, and the other run may take it to be
    shorter: a fix more or less decides on that.
    """
    kinds, other_kinds = (Counter(e.kind for e in run if e.kind != "stall") for run in (episodes, others))
    stalls = [one for one in others if one.kind == "stall"]
    sure = [e for e in episodes if e.kind == "stall" and _longer_s(e, until_ms) >= LONGER_STALL_S]
    lost = [e for e in sure if not any(_at_one_time(e, other, until_ms) for other in stalls)]
    return kinds - other_kinds + Counter(e.kind for e in lost)


def _longer_s(episode: Episode, until_ms: int) -> float:
    """How much longer it truly was than it took to be told; that its end was heard of late makes it no longer."""
    return ((episode.ended_ms or until_ms) - episode.raised_ms) / 1000


def _at_one_time(one: Episode, other: Episode, until_ms: int) -> bool:
    return one.onset_ms < (other.ended_ms or until_ms) and other.onset_ms < (one.ended_ms or until_ms)
