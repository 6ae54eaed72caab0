"""When somebody who contributes can expect an answer, as the guideline says it, in working hours.

Sources of what people write: the words of contribution guides; the lengths are this project's own: a business
day has 8 hours, a calendar day 8·5/7, a week 40, a month 168. Hours and minutes of less than a day are taken
as written, because whoever promises "within four hours" is at work.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from policies.guidelines.markdown import Document, Text

BUSINESS_DAY = Fraction(8)
CALENDAR_DAY = Fraction(40, 7)
WEEK = Fraction(40)
MONTH = Fraction(168)
LONGEST_TEXT = 120


@dataclass(frozen=True, slots=True)
class Promise:
    """A promised answer; `hours` of working time, None where only something vague is said."""

    hours: Fraction | None
    line: int
    text: str

    @property
    def vague(self) -> bool:
        return self.hours is None


_WORDS: dict[str, int | Fraction] = {
    "a": 1, "an": 1, "one": 1, "single": 1, "two": 2, "couple": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fourteen": 14, "fifteen": 15,
    "twenty": 20, "thirty": 30, "same": 1, "next": 1, "this": 1, "each": 1, "every": 1, "half": Fraction(1, 2),
}  # fmt: skip
_NUMBER = r"(?:\d{1,4}(?:[.,]\d{1,2})?|" + "|".join(_WORDS) + r")"
_UNIT = (
    r"(?P<kind>business|working|work|week|office)?[\s-]*"
    r"(?P<unit>minutes?|mins?|hours?|hrs?|h|days?|d|weekdays?|weeks?|wks?|w|fortnights?|months?)"
)
_LENGTH = re.compile(
    rf"(?<![\w.,/$€£#-])(?P<first>{_NUMBER})(?:\s*(?:-|–|—|to|or|and)\s*(?P<upper>{_NUMBER}))?"
    rf"(?:\s+(?:of|full|or\s+so))?[\s-]*{_UNIT}(?![\w-]*\w)"
)
_PARENTHESIS = re.compile(r"\(\s*\d{1,4}\s*\)")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^a-z])|\s*[;•]\s+|\n")

_VERB = re.compile(
    r"\b(?:respond\w*|respons\w*|repl(?:y|ies|ied|ying)|answer\w*|review\w*|acknowledg\w*|triag\w*"
    r"|get(?:s|ting)? back|got back|come back|hear(?:s|ing)?(?: back)?(?: from)?|look(?:s|ed|ing)? (?:at|into|over)"
    r"|feedback|follow(?:s|ed|ing)?[ -]up|turn ?around|react(?:s|ed|ion)?|comment(?:s|ed)?|contact(?:s|ed)?"
    r"|reach(?:es)? out|take a look|assess\w*|process(?:es|ed)?)\b"
)
_OURS = re.compile(
    r"\b(?:we|we'll|well|us|our|ours|i|i'll|maintainers?|maintainer's|the team|team|owners?|committers?|core"
    r"|reviewers?|somebody|someone|staff|you(?:'ll| will| should| can| may)?(?: can)? (?:expect|hear|get|receive)"
    r"|expect|is reviewed|are reviewed|be reviewed|gets? reviewed|(?:is|are|be|gets?) (?:usually |normally "
    r"|typically )?(?:answered|acknowledged|triaged|looked at|responded|processed|assessed|replied)"
    r"|receives?|gets?)\b"
)
_OPENING = re.compile(
    r"^[\s|>*_-]*(?:(?:first|initial|average|expected|typical|usual|target|our|code|pull request|merge request|pr|mr"
    r"|issue|maintainer|maximum|max)[\s-]+)*(?:reviews?|response|responses|reply|replies|answers?|turn ?around|sla"
    r"|feedback)(?:[\s-]+(?:times?|targets?|sla|commitments?|goals?))?\s*(?:[:|=–—-]|is\b|are\b|takes?\b|within\b|in\b|$)"
)
_AUTHORS = re.compile(
    r"\b(?:if (?:you|the (?:author|contributor|submitter|reporter)|they) (?:fail|are|is|go|stop|take|need|wants?"
    r"|require|cannot|wait)|(?:unless|until) (?:you|the author|they)|stale|inactiv\w*|abandon\w*"
    r"|no (?:response|reply|activity|answer|feedback|reaction)"
    r"|without (?:a |any )?(?:response|reply|activity|answer|feedback|reaction|review)"
    r"|(?:will|may|might|can) be closed|we(?:'ll| will)? close|auto-?clos\w*|(?:please|kindly) (?:respond|reply|answer"
    r"|review|address|react|follow|comment|give)|(?:you|authors?|contributors?|submitters?|reporters?) (?:must|should"
    r"|need to|have to|are (?:asked|expected|required) to|has to|will need to) (?:respond|reply|answer|address|react"
    r"|review|follow|comment|provide|give)|(?:your|author's|authors'|contributor's) (?:response|reply|answer|review)"
    r"|(?:respond|reply|answer) to (?:review|feedback|comments|our|reviewers?))\b"
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|cannot|nor|neither|nobody|without|unable|can't|cant|won't|wont|don't|dont|doesn't|doesnt"
    r"|isn't|isnt|aren't|arent|hardly|refuse\w*)\b"
)
_NO_NEGATION = re.compile(
    r"\b(?:no|not) (?:later|more|longer|slower) than\b|\bwithout (?:delay|fail|exception)\b"
    r"|\bif not (?:sooner|earlier|faster|before)\b|\bnot only\b|\bwhether or not\b|\bor not\b"
    r"|\bno (?:matter|worries|problem|longer)\b|\bdo not hesitate\b|\bdon't hesitate\b"
)
_VAGUE = re.compile(
    r"\b(?:as soon as (?:possible|we can|we are able|practical|practicable|i can|feasible)|asap|promptly|shortly"
    r"|soon|quickly|timely|best[ -]effort|(?:when|whenever|as) (?:we|i|time|somebody|someone) (?:can|has|have|find"
    r"|finds|permits?|allows?|get|gets)(?: (?:the )?(?:time|around))?|in due (?:time|course)|a few (?:hours|days|weeks)"
    r"|several (?:hours|days|weeks)|some (?:days|weeks|time)|a while|in (?:a )?reasonable time|reasonabl\w+)\b"
)
_CONDITION = re.compile(
    r"\b(?:days?|weeks?|hours?|months?)\b[^.]*\b(?:before (?:the|we|a|it) (?:release|merg\w*|freeze|ship\w*)"
    r"|old\b|ago\b)"
)
_AGE = re.compile(r"^\s*(?:ago|old|of experience)\b")


def promise(document: Document, lines: range | None = None) -> Promise | None:
    """The first promise in these lines (else anywhere): one with a length goes before a vague one."""
    vague: Promise | None = None
    for text in document.texts:
        if lines is not None and text.line not in lines:
            continue
        for found in in_text(text):
            if not found.vague:
                return found
            vague = vague or found
    return vague


def in_text(text: Text) -> Iterator[Promise]:
    """The promises of a paragraph, sentence by sentence."""
    whole = text.text
    start = 0
    for end in [*(match.end() for match in _SENTENCE.finditer(whole)), len(whole)]:
        sentence = whole[start:end]
        said = in_sentence(sentence)
        if said is not None:
            lead = len(sentence) - len(sentence.lstrip())
            yield Promise(said.hours, text.line_of(start + lead), shown(sentence))
        start = end


def in_sentence(sentence: str) -> Promise | None:
    """What one sentence promises; None where it promises nothing."""
    said = _simplified(sentence)
    if _AUTHORS.search(said) or _NEGATION.search(_NO_NEGATION.sub("within", said)):
        return None
    opening = bool(_OPENING.search(said))
    if not opening and not (_VERB.search(said) and _OURS.search(said)):
        return None
    for length in _lengths(_CONDITION.sub(" ", said)):
        return Promise(length, 1, shown(sentence))
    return Promise(None, 1, shown(sentence)) if _VAGUE.search(said) else None


def shown(sentence: str) -> str:
    """A sentence as it is quoted: at most 120 characters."""
    text = " ".join(sentence.split())
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def working_hours(amount: Fraction, unit: str, *, business: bool = False) -> Fraction:
    """The working hours of so many minutes, hours, days, weeks or months."""
    match unit[:1]:
        case "h" | "m" if unit[:2] != "mo":
            hours = amount if unit[0] == "h" else amount / 60
            return hours if business or hours < 24 else hours / 24 * CALENDAR_DAY
        case "d":
            return amount * (BUSINESS_DAY if business else CALENDAR_DAY)
        case "w":
            return amount * (BUSINESS_DAY if unit.startswith("weekday") else WEEK)
        case "f":
            return amount * WEEK * 2
        case _:
            return amount * MONTH


def _lengths(said: str) -> Iterable[Fraction]:
    for match in _LENGTH.finditer(said):
        if _AGE.match(said[match.end() :]):
            continue
        unit, kind = match["unit"], match["kind"]
        if kind == "week" and unit[0] != "d":
            continue  # "a week" was cut in two
        amount = _number(match["upper"] or match["first"])
        if (amount > 0 and unit not in ("h", "d", "w")) or match["first"][0].isdigit():
            yield working_hours(amount, unit, business=kind is not None)


def _number(word: str) -> Fraction:
    return Fraction(_WORDS[word]) if word in _WORDS else Fraction(word.replace(",", "."))


def _simplified(sentence: str) -> str:
    text = unicodedata.normalize("NFKC", sentence).casefold()
    text = _PARENTHESIS.sub(" ", text.replace("’", "'").replace("couple of", "couple").replace("*", ""))
    text = re.sub(r"\b(\w+)-(\w+) (hours?|days?)\b", r"\1-\2 \3", text)
    return " ".join(text.replace("`", "").replace("_", " ").split())
