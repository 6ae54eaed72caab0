"""Which rules cover a path, found without walking the rules.

A rule is a number here, and greater means later. Rules are kept in dictionaries by the shape of their
pattern: literal paths by path, floating ones (which fit at any depth) by their first name, and what is left
under the literal directory it starts in. What a directory's rules say is worked out once, from its parent's
answer, and remembered as a `Place`; what floating rules say of a name is remembered as a `Named`.

A glob of several segments is a chain of steps. A place holds the steps that may come next, side by side, so
that nothing is ever tried again: the work is linear in the path for each part of a pattern.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Generic, TypeVar

from policies.owners.patterns import ANYWHERE, Pattern, Reach, compiled, literal_path
from policies.owners.segments import Affixes, Literal, Meter

Answer = TypeVar("Answer")

_NUMBER = attrgetter("number")
_STEPS_PER_STEP = 12  # what it takes to see whether a step goes on

REMEMBERED = 200_000
"""Directories and names that are remembered before the memory is cleared; long answers count for more."""


class Step:
    """The next segment of its pattern that rule `number` waits for; `anywhere` means at any depth from here.

    `place` counts the parts of the body before it, and each name that fits has `needle` in it.
    """

    __slots__ = ("_following", "anywhere", "last", "needle", "number", "pattern", "place", "segment")

    def __init__(self, pattern: Pattern, place: int, number: int) -> None:
        self.anywhere = pattern.body[place] is ANYWHERE
        self.place = place + self.anywhere
        part = pattern.body[self.place]
        if part is ANYWHERE:
            raise ValueError("a body neither repeats ANYWHERE nor ends with it")
        self.segment = compiled(part)
        self.needle = self.segment.needle
        self.pattern = pattern
        self.number = number
        self.last = self.place == len(pattern.body) - 1
        self._following: Step | None = None

    @property
    def reach(self) -> Reach:
        return self.pattern.reach

    @property
    def following(self) -> Step:
        """The step after this one, which is not the last; made when it is first reached."""
        if self._following is None:
            self._following = Step(self.pattern, self.place + 1, self.number)
        return self._following


class Place(Generic[Answer]):
    """What is known of a directory."""

    __slots__ = ("covered", "final", "here", "steps")

    def __init__(
        self, covered: Answer, here: Answer, steps: tuple[Step, ...], final: tuple[Step, ...]
    ) -> None:
        self.covered = covered  # rules that cover everything below
        self.here = here  # those, and the ones that cover only files directly in it
        self.steps = steps  # may go on in a directory below
        self.final = final  # may end at a file directly in it, the latest rule first


class Named(Generic[Answer]):
    """What floating rules make of a name, wherever it stands."""

    __slots__ = ("direct", "files", "inside", "steps")

    def __init__(self, files: Answer, inside: list[int], direct: list[int], steps: list[Step]) -> None:
        self.files = files
        self.inside = inside
        self.direct = direct
        self.steps = steps


class Index(Generic[Answer]):
    """The rules of one file. `Answer` is what a lookup finds: the last rule, or all of them."""

    def __init__(self, nothing: Answer) -> None:
        self.nothing = nothing
        self.exact: dict[str, int] = {}  # path of a file -> rule
        self.below: dict[str, int] = {}  # directory -> rule for everything in it
        self.direct: dict[str, int] = {}  # directory -> rule for the files directly in it
        self._rooted: dict[str, list[Step]] = {}  # literal directory -> globs that start in it
        self._floating_literals: dict[str, list[Step]] = {}
        self._floating_endings: dict[str, list[Step]] = {}  # `*.ext` -> by ".ext"
        self._floating_globs: list[Step] = []
        self._needles = 0  # characters in their needles
        self._longest_ending = 0
        self._floats = False
        self._places: dict[str, Place[Answer]] = {}
        self._names: dict[str, Named[Answer]] = {}
        self._remembered = 0

    # --- Building -------------------------------------------------------------------------------------

    def add(self, pattern: Pattern, number: int) -> None:
        """Let rule `number`, which is not less than any before it, cover what `pattern` does."""
        path = literal_path(pattern.body)
        if path is not None:
            self._add_literal(path, pattern.reach, number)
            return
        leading = 0
        while isinstance(pattern.body[leading], str):
            leading += 1
        step = Step(pattern, leading, number)
        if leading == 0 and step.anywhere:
            self._add_floating(step)
        else:
            directory = literal_path(pattern.body[:leading]) or ""
            self._rooted.setdefault(directory, []).append(step)

    def _add_literal(self, path: str, reach: Reach, number: int) -> None:
        if reach in (Reach.FILE, Reach.TREE):
            self.exact[path] = number
        if reach in (Reach.INSIDE, Reach.TREE):
            self.below[path] = number
        if reach is Reach.DIRECT:
            self.direct[path] = number

    def _add_floating(self, step: Step) -> None:
        self._floats = True
        if isinstance(step.segment, Literal):
            self._floating_literals.setdefault(step.segment.text, []).append(step)
        elif isinstance(step.segment, Affixes) and not step.segment.head and step.segment.tail[:1] == ".":
            self._floating_endings.setdefault(step.segment.tail, []).append(step)
            self._longest_ending = max(self._longest_ending, len(step.segment.tail))
        else:
            self._floating_globs.append(step)
            self._needles += len(step.needle)

    # --- What the dialects do differently -------------------------------------------------------------

    def _joined(self, answer: Answer, found: Sequence[int], meter: Meter) -> Answer:
        """`answer` with the rules of `found`, of which there is at least one."""
        raise NotImplementedError

    def _worthwhile(self, steps: Iterable[Step], covered: Answer) -> tuple[Step, ...]:
        """Those steps, each once, that can still change an answer that `covered` gives."""
        raise NotImplementedError

    def find_all(self, paths: Iterable[str], meter: Meter) -> list[Answer]:
        """The answer for the file at each of `paths`."""
        raise NotImplementedError

    def _make_room(self, size: int) -> None:
        """Forget everything when this, of so many rules or steps, would be too much to remember."""
        self._remembered += 1 + (size >> 3)
        if self._remembered > REMEMBERED:
            self._remembered = 0
            self._places.clear()
            self._names.clear()

    # --- Walking --------------------------------------------------------------------------------------

    def place(self, directory: str, meter: Meter) -> Place[Answer]:
        """What is known of `directory`, worked out from the nearest parent that is known."""
        known = self._places.get(directory)
        unknown = []
        while known is None and directory:
            meter.spend(1 + (len(directory) >> 5))
            unknown.append(directory)
            directory = directory.rpartition("/")[0]
            known = self._places.get(directory)
        if known is None:
            known = self._places[""] = self._root(meter)
        for directory in reversed(unknown):
            self._make_room(len(known.steps))
            known = self._places[directory] = self._entered(known, directory, meter)
        return known

    def _root(self, meter: Meter) -> Place[Answer]:
        below, direct = self.below.get(""), self.direct.get("")
        covered = self.nothing if below is None else self._joined(self.nothing, (below,), meter)
        here = covered if direct is None else self._joined(covered, (direct,), meter)
        return self._place(covered, here, self._rooted.get("", ()))

    def _entered(self, parent: Place[Answer], directory: str, meter: Meter) -> Place[Answer]:
        """The place `directory`, one level below `parent`; `parent` itself where nothing changes."""
        if not self._floats and not parent.steps and directory not in self._rooted:
            return self._entered_plainly(parent, directory, meter)
        covering, direct, steps = [], [], []
        if directory in self.below:
            covering.append(self.below[directory])
        if directory in self.direct:
            direct.append(self.direct[directory])
        if parent.steps or self._floats:
            name = directory[directory.rfind("/") + 1 :]
            steps = self._advanced(parent.steps, name, covering, direct, meter)
            if self._floats:
                named = self._named(name, meter)
                covering += named.inside
                direct += named.direct
                steps += named.steps
        if directory in self._rooted:
            steps += self._rooted[directory]
        if not (covering or direct or steps or parent.steps) and parent.here is parent.covered:
            return parent
        covered = self._joined(parent.covered, covering, meter) if covering else parent.covered
        here = self._joined(covered, direct, meter) if direct else covered
        return self._place(covered, here, steps)

    def _entered_plainly(self, parent: Place[Answer], directory: str, meter: Meter) -> Place[Answer]:
        """The same where no glob has a say."""
        below, direct = self.below.get(directory), self.direct.get(directory)
        if below is None and direct is None and parent.here is parent.covered:
            return parent
        covered = parent.covered if below is None else self._joined(parent.covered, (below,), meter)
        here = covered if direct is None else self._joined(covered, (direct,), meter)
        return Place(covered, here, (), ())

    def _place(self, covered: Answer, here: Answer, steps: Iterable[Step]) -> Place[Answer]:
        if not steps:
            return Place(covered, here, (), ())
        live = self._worthwhile(steps, covered)
        final = (step for step in live if step.last and step.reach in (Reach.FILE, Reach.TREE))
        return Place(covered, here, live, tuple(final))

    def _advanced(
        self, steps: tuple[Step, ...], name: str, covering: list[int], direct: list[int], meter: Meter
    ) -> list[Step]:
        """The steps that are live one level down, in the directory `name`.

        Where a step that may stand anywhere is reached, those before it are of no more use: what they could
        still come to, it comes to as well.
        """
        meter.spend(_STEPS_PER_STEP * len(steps))
        live = []
        reached: dict[int, int] = {}  # rule -> place of the latest step that may stand anywhere
        for step in steps:
            if step.anywhere:
                live.append(step)
            if (step.last and step.reach is Reach.FILE) or step.needle not in name:
                continue
            if not step.segment.fits(name, meter):
                continue
            if step.last:
                (direct if step.reach is Reach.DIRECT else covering).append(step.number)
                continue
            live.append(step.following)
            if step.following.anywhere:
                reached[step.number] = max(step.following.place, reached.get(step.number, 0))
        return [step for step in live if step.place >= reached.get(step.number, 0)] if reached else live

    def _named(self, name: str, meter: Meter) -> Named[Answer]:
        known = self._names.get(name)
        if known is not None:
            return known
        files, inside, direct, steps = [], [], [], []
        for step in self._floating(name, meter):
            if not step.last:
                steps.append(step.following)
                continue
            if step.reach in (Reach.FILE, Reach.TREE):
                files.append(step.number)
            if step.reach in (Reach.INSIDE, Reach.TREE):
                inside.append(step.number)
            if step.reach is Reach.DIRECT:
                direct.append(step.number)
        answer = self._joined(self.nothing, files, meter) if files else self.nothing
        self._make_room(len(files) + len(inside) + len(direct) + len(steps))
        named = self._names[name] = Named(answer, inside, direct, steps)
        return named

    def _floating(self, name: str, meter: Meter) -> list[Step]:
        """The floating rules whose first segment fits `name`."""
        meter.spend(1 + (len(name) >> 6) + len(self._floating_globs) + (self._needles * len(name) >> 8))
        found = list(self._floating_literals.get(name, ()))
        if self._floating_endings:
            earliest = max(len(name) - self._longest_ending, 0)
            dot = name.rfind(".", earliest)
            while dot >= 0:
                meter.spend(1 + (len(name) - dot >> 6))
                found += self._floating_endings.get(name[dot:], ())
                dot = name.rfind(".", earliest, dot)
        found += [
            step for step in self._floating_globs if step.needle in name and step.segment.fits(name, meter)
        ]
        meter.spend(len(found))
        return found


class LastRule(Index[int]):
    """The last rule that covers a path decides; -1 is none. GitHub."""

    def __init__(self) -> None:
        super().__init__(-1)

    def _joined(self, answer: int, found: Sequence[int], meter: Meter) -> int:
        last = max(found)
        return max(last, answer)

    def _worthwhile(self, steps: Iterable[Step], covered: int) -> tuple[Step, ...]:
        live = list(dict.fromkeys(step for step in steps if step.number > covered))
        live.sort(key=_NUMBER, reverse=True)
        return tuple(live)

    def find_all(self, paths: Iterable[str], meter: Meter) -> list[int]:
        answers = []
        for path in paths:
            directory, _, name = path.rpartition("/")
            place = self._places.get(directory) or self.place(directory, meter)
            last = place.here
            exact = self.exact.get(path, -1)
            if exact > last:
                last = exact
            if self._floats:
                named = self._names.get(name) or self._named(name, meter)
                if named.files > last:
                    last = named.files
            if place.final:
                last = self._last(place.final, name, last, meter)
            answers.append(last)
        return answers

    def _last(self, steps: tuple[Step, ...], name: str, last: int, meter: Meter) -> int:
        """The latest of `steps` that ends at the file `name`, or `last` if that is later still."""
        meter.spend(len(steps))
        for step in steps:
            if step.number <= last:
                break
            if step.needle in name and step.segment.fits(name, meter):
                return step.number
        return last


class EveryRule(Index[frozenset[int]]):
    """All rules that cover a path. GitLab, where each section has its own last one.

    Rules that cover the same are one group; an answer is a set of groups.
    """

    def __init__(self) -> None:
        super().__init__(frozenset())
        self._groups: dict[Pattern, int] = {}
        self._rules: list[list[int]] = []  # by group

    def add(self, pattern: Pattern, number: int) -> None:
        if pattern.reach is Reach.TREE:
            self.add(Pattern(pattern.body, Reach.FILE), number)
            self.add(Pattern(pattern.body, Reach.INSIDE), number)
            return
        group = self._groups.setdefault(pattern, len(self._rules))
        if group == len(self._rules):
            self._rules.append([])
            super().add(pattern, group)
        self._rules[group].append(number)

    def rules(self, groups: Iterable[int]) -> set[int]:
        """The rules of these groups."""
        return {rule for group in groups for rule in self._rules[group]}

    def _joined(self, answer: frozenset[int], found: Sequence[int], meter: Meter) -> frozenset[int]:
        meter.spend(len(answer) + len(found))
        self._make_room(len(answer) + len(found))
        return answer.union(found)

    def _worthwhile(self, steps: Iterable[Step], covered: frozenset[int]) -> tuple[Step, ...]:
        return tuple(dict.fromkeys(steps))

    def find_all(self, paths: Iterable[str], meter: Meter) -> list[frozenset[int]]:
        answers = []
        for path in paths:
            directory, _, name = path.rpartition("/")
            place = self._places.get(directory) or self.place(directory, meter)
            found = []
            if path in self.exact:
                found.append(self.exact[path])
            if place.final:
                meter.spend(len(place.final))
                found += [
                    step.number
                    for step in place.final
                    if step.needle in name and step.segment.fits(name, meter)
                ]
            rules = place.here
            if self._floats:
                named = self._names.get(name) or self._named(name, meter)
                if named.files:
                    rules = rules | named.files
            if found or rules is not place.here:
                meter.spend(len(rules) >> 4)
            answers.append(rules.union(found) if found else rules)
        return answers
