"""The pages' files: both languages whole, each kind with its advice, nothing that could turn text into markup."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from console.people import Fault
from console.words import KINDS, REFUSALS, SEVERITIES
from models.alert import Kind, Severity
from models.alert_action import CloseReason
from models.plan import SiteKind

STATIC = Path(__file__).parents[2] / "console" / "static"
MODULES = {path.name: path.read_text(encoding="utf-8") for path in sorted((STATIC / "js").glob("*.js"))}
SOURCE = "\n".join(MODULES.values())
WORDS = {lang: json.loads((STATIC / "lang" / f"{lang}.json").read_text(encoding="utf-8")) for lang in ("id", "en")}

# Words that are the same in both languages.
SAME = {
    "language.en", "language.id", "quality.median", "report.csv",
}  # fmt: skip

# Keys whose last part is a code: every value of it must have words.
CODES = {
    "kind": get_args(Kind), "todo": get_args(Kind), "severity": get_args(Severity), "close": get_args(CloseReason),
    "refused": ("first", "other", "critical", "not-gone-ack", "not-shelved", "notification", "severity-rose"),
    "place": ("checkpoint", "stop", *get_args(SiteKind)),
    "signin.error": {*get_args(Fault), "post"} - {"exists"},  # where there is somebody already the form is another
}  # fmt: skip

CALL = re.compile(r"""(?<![\w.])(?:t|count|knows)\(\s*(['`])(.+?)\1""")
TEXT = re.compile(r"""(['`])((?:\w+[.-])+[^\s'`]+)\1""")


def patterns_of(texts: re.Pattern[str]) -> list[re.Pattern[str]]:
    """What the modules say as patterns of keys: what is put in at run time may be anything, a plural too."""
    holes = (re.split(r"\$\{[^}]*\}", match[2]) for match in texts.finditer(SOURCE))
    return [re.compile(r"[\w-]+".join(map(re.escape, parts)) + r"(\.(one|other))?") for parts in holes]


def test_both_languages_have_the_same_words() -> None:
    assert set(WORDS["id"]) == set(WORDS["en"])


def test_no_word_is_left_untranslated_or_empty() -> None:
    equal = {key for key, value in WORDS["id"].items() if value == WORDS["en"][key]}
    assert equal == SAME
    assert [key for lang in WORDS.values() for key, value in lang.items() if not value.strip()] == []


def test_the_same_blanks_are_filled_in_both_languages() -> None:
    blanks = {lang: {key: set(re.findall(r"\{(\w+)\}", text)) for key, text in WORDS[lang].items()} for lang in WORDS}
    assert blanks["id"] == blanks["en"]


def test_every_word_is_used() -> None:
    patterns = patterns_of(TEXT)
    assert [key for key in WORDS["en"] if not any(pattern.fullmatch(key) for pattern in patterns)] == []


def test_every_used_word_is_there() -> None:
    patterns = patterns_of(CALL)
    assert len(patterns) > 150
    assert [it.pattern for it in patterns if not any(it.fullmatch(key) for key in WORDS["en"])] == []


@pytest.mark.parametrize("name", sorted(CODES))
def test_every_code_has_words(name: str) -> None:
    assert {key.removeprefix(f"{name}.") for key in WORDS["en"] if key.startswith(f"{name}.")} == set(CODES[name])


def test_pages_reports_and_messages_call_a_kind_a_severity_and_a_refusal_the_same() -> None:
    for name, words in (("kind", KINDS), ("severity", SEVERITIES), ("refused", REFUSALS)):
        for number, lang in enumerate(("en", "id")):
            assert {key: pair[number] for key, pair in words.items()} == {
                key: WORDS[lang][f"{name}.{key}"].lower() for key in words
            }


def test_a_module_is_short() -> None:
    assert {name: lines for name, text in MODULES.items() if (lines := text.count("\n")) >= 200} == {}


def test_nothing_turns_text_into_markup_or_code() -> None:
    banned = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setHTML")
    assert [name for name, text in MODULES.items() if banned.search(text)] == []
    index = (STATIC / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|https?://", index) == []
