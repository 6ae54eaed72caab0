"""Carries actions out, each effect once; in a dry run it only writes down what it would have done.

The row is always ahead of the forge: an effect is planned, then marked as being sent, then done. Where
the process dies in between, nobody knows whether the forge did it. Such an effect waits until the forge
shows every write that could still be on its way, is looked for there, and only then done again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from handlers.ports import (
    Conflict,
    Forbidden,
    ForgeError,
    Gone,
    Late,
    Proposal,
    Refused,
    Unavailable,
    Unsure,
    Verdict,
)
from handlers.proofs import Desk, Place, asked_facts, find, still_open
from handlers.records import DRY_RUN, Effect, Held, NotYet
from policies.actions import (
    Action,
    AddToDigest,
    DecideThanks,
    DeclareAway,
    DraftThanks,
    ForgeAction,
    KeepIssue,
    KeepSticky,
    Label,
    Nod,
    Note,
    OfferHelp,
    Propose,
    RecordDecision,
    ReleaseReview,
    RequestReview,
    Say,
    SetCheck,
    SilenceRepository,
    TellRepository,
    WithdrawAway,
)
from policies.facts import AskUnlisted, Change, Fact, Issue, Repository, ReviewUnasked
from policies.text import Body, sealed

TURNS = 3
"""How often a write may miss its turn (see `Late`) before the subject waits like after any other failure."""

MOST_REMINDERS = 10
"""Reminders that one person gets in a day, whatever the rules allow."""


async def perform(actions: Iterable[Action], place: Place, desk: Desk) -> tuple[Fact, ...]:
    """Do each action at its place if it is not done yet; returns what came of it, already in the log.

    In a dry run it is what would have come of it, and nothing of that is in the log.

    `NotYet` where an effect has to wait; `ForgeError`s as the forge raised them.
    """
    came: list[Fact] = []
    for action in actions:
        match action:
            case Note(facts=facts):
                await desk.log.add(facts, "poll")
                came += facts
            case RecordDecision(record=record):
                await desk.records.keep_decision(record, desk.now)
            case TellRepository():
                await desk.records.tell_repository(action.asked)
            case DeclareAway():
                await desk.records.declare_away(action)
            case WithdrawAway():
                await desk.records.withdraw_away(action)
            case DraftThanks():
                await desk.records.draft_thanks(action, desk.now)
            case DecideThanks():
                await desk.records.decide_thanks(action, desk.now)
            case OfferHelp():
                await desk.records.offer_help(action)
            case SilenceRepository():
                await desk.records.be_silent(action)
            case _ if not desk.live:
                came += await _note_alone(action, place, desk)
            case Say(also=also) if also:
                await _once(action, place, desk)
                await _ride_along(action, place, desk)
            case _:
                facts = await _once(action, place, desk)
                await desk.log.add(facts, "usher")
                came += facts
    return tuple(came)


async def _once(action: ForgeAction, place: Place, desk: Desk) -> tuple[Fact, ...]:
    key = f"{place.subject}|{action.key}"
    effect = await desk.effects.plan(key, _kind(action), _payload(action, desk.now))
    if effect.state == "done":
        return await _keep(action, place, desk, effect)
    if effect.state in ("skipped", "dead"):
        return ()
    if desk.silent and effect.state == "planned" and _is_loud(action):
        return ()  # it is still to be said once the silence ends, if it is true then
    if isinstance(action, AddToDigest):
        await desk.effects.done(effect)
        return ()
    if isinstance(action, Say) and effect.state == "planned" and await _has_enough(action, desk, effect):
        await desk.effects.skipped(effect, "enough reminders for one day")
        return await _once(action.instead, place, desk) if action.instead is not None else ()
    if effect.state in ("sending", "uncertain"):
        if (seconds := still_open(effect, desk)) > 0:
            raise NotYet(seconds, f"it is not known whether {key} happened")
        if (found := await find(effect, place, desk)) is not None:
            return found
    return await _send(action, place, desk, effect)


async def _note_alone(action: ForgeAction, place: Place, desk: Desk) -> tuple[Fact, ...]:
    """In a dry run: keep what would be done now. What was done or begun before it stays as it is."""
    key = f"{place.subject}|{action.key}"
    effect = await desk.effects.plan(key, _kind(action), _payload(action, desk.now))
    if effect.state == "planned":
        await desk.effects.skipped(effect, DRY_RUN)
    elif effect.state == "skipped" and effect.note == DRY_RUN:
        shown = _payload(action, desk.now)
        if not isinstance(action, RequestReview):  # of two requests, the later is what would be done
            shown["at"] = effect.payload.get("at")
        if _differs(shown, effect.payload):
            await desk.effects.skipped(replace(effect, payload=shown), DRY_RUN)
    if isinstance(action, RequestReview) and effect.state in ("planned", "skipped"):
        return asked_facts(action.slots, action.people, {}, desk.now)
    return ()


async def _send(action: ForgeAction, place: Place, desk: Desk, effect: Effect) -> tuple[Fact, ...]:
    for turn in range(TURNS):
        await desk.forge.turn(place.ref if isinstance(place, Repository) else place.repository)
        try:
            await desk.effects.sending(_marked(effect, desk), desk.feature)
        except Held as held:
            await desk.effects.hold(effect, held)
            return ()
        try:
            return await _write(action, place, desk, effect)
        except Late as error:
            await desk.effects.again(effect, str(error))
            if turn + 1 == TURNS:
                raise
        except Unsure as error:
            await desk.effects.unsure(effect, str(error))
            raise NotYet(desk.settles_after, f"it is not known whether {effect.key} happened") from error
        except (Refused, Gone) as error:
            await desk.effects.refused(effect, str(error))
            return ()
        except Forbidden as error:
            await desk.effects.again(effect, str(error))
            if not _is_beside(action):
                raise
            return ()  # tried again at the next look; people are asked and told all the same
        except ForgeError as error:
            await desk.effects.again(effect, str(error))
            raise
    raise AssertionError("every turn ends above")


def _is_beside(action: ForgeAction) -> bool:
    """Whether people are asked and told without it: a right that is missing for it stops nothing else."""
    return isinstance(action, Label | Nod | SetCheck)


def _is_loud(action: ForgeAction) -> bool:
    """Whether people would hear of it: a new comment or issue, but for the answer to a command."""
    match action:
        case Say(step=step):
            return not step.startswith("command|")
        case KeepSticky() | KeepIssue():
            return True
        case _:
            return False


async def _ride_along(action: Say, place: Place, desk: Desk) -> None:
    """Note the further steps that a comment took as effects of their own, once it is said."""
    carrier = await desk.effects.plan(f"{place.subject}|{action.key}", "say", _payload(action, desk.now))
    if carrier.state != "done":
        return
    for step, to in action.also:
        rider = Say(step, action.body, to)
        effect = await desk.effects.plan(f"{place.subject}|{rider.key}", "say", _payload(rider, desk.now))
        if effect.state == "planned":
            await desk.effects.done(effect, carrier.remote_id)


async def _has_enough(action: Say, desk: Desk, effect: Effect) -> bool:
    """Whether the person whom it reminds got as many reminders today as anybody should."""
    if not action.to:
        return False
    day = datetime.fromisoformat(action.day) if action.day else desk.now - timedelta(days=1)
    most = min(action.most or MOST_REMINDERS, MOST_REMINDERS)
    return await desk.effects.reminders_before(effect, day) >= most


async def _write(action: ForgeAction, place: Place, desk: Desk, effect: Effect) -> tuple[Fact, ...]:
    if not isinstance(place, Repository):
        return await _write_in_talk(action, place, desk, effect)
    match action:
        case KeepIssue():
            body = _signed(action.body, desk, effect)
            await desk.effects.done(effect, await desk.forge.open_issue(place.ref, action.title, body))
        case SetCheck():
            await desk.effects.done(effect, await _judge(action, place, desk, effect))
    return ()


async def _write_in_talk(
    action: ForgeAction, place: Change | Issue, desk: Desk, effect: Effect
) -> tuple[Fact, ...]:
    """What can be done where people talk, on changes and issues alike."""
    forge, done = desk.forge, desk.effects.done
    match action:
        case Say() | KeepSticky():
            remark = await forge.say(place, _signed(action.body, desk, effect))
            await done(effect, remark.id)
        case Label():
            await forge.label(place, action.add, action.remove)
            await done(effect)
        case Nod():
            await forge.nod(place, action.remark_id, action.reaction, on_line=action.on_line)
            await done(effect)
        case Propose():
            await _propose(action, place, desk, effect)
        case _ if isinstance(place, Change):
            return await _write_on_change(action, place, desk, effect)
    return ()


async def _propose(action: Propose, place: Change | Issue, desk: Desk, effect: Effect) -> None:
    """What cannot be proposed is noted with why, and said in words instead."""
    files = tuple((path, text.encode(errors="surrogateescape")) for path, text in action.files)
    proposal = Proposal(action.branch, action.base, action.title, action.body, action.message, files)
    try:
        number = await desk.forge.propose(place.repository, proposal)
    except (Forbidden, Refused):
        failed = "forbidden"
    except Conflict:
        failed = "taken"
    else:
        await desk.effects.done(effect, number)
        return
    await desk.effects.done(effect, None, {**effect.payload, "failed": failed})
    await _once(action.instead(failed), place, desk)


async def _write_on_change(
    action: ForgeAction, change: Change, desk: Desk, effect: Effect
) -> tuple[Fact, ...]:
    forge, done = desk.forge, desk.effects.done
    match action:
        case RequestReview():
            answer = await forge.ask(change, action.people)
            await done(effect, None, {**effect.payload, "refused": dict(answer.refused)})
            facts = asked_facts(action.slots, (*answer.asked, *answer.unlisted), answer.refused, desk.now)
            if answer.unlisted:  # the comment names them, and that is how they are asked
                facts = (*facts, AskUnlisted(at=desk.now, by_bot=True, people=answer.unlisted))
            return facts
        case ReleaseReview():
            await forge.release(change, action.people, action.teams)
            await done(effect)
            people = [ReviewUnasked(at=desk.now, by_bot=True, who=who) for who in action.people]
            teams = [ReviewUnasked(at=desk.now, by_bot=True, team=team) for team in action.teams]
            return (*people, *teams)
        case SetCheck():
            await done(effect, await _judge(action, change, desk, effect))
    return ()


async def _keep(action: ForgeAction, place: Place, desk: Desk, effect: Effect) -> tuple[Fact, ...]:
    """Write what was done before again if it reads differently now. What a person deleted stays deleted."""
    if effect.remote_id is None:
        return ()
    shown = {**_payload(action, desk.now), "at": effect.payload.get("at")}
    again: Coroutine[Any, Any, object]
    is_old = effect.marker is not None and effect.marker != desk.sign(effect.key)[0]  # by a key of before
    match action, place:
        case KeepSticky(), Change() | Issue() if is_old or _differs(shown, {"edit": "", **effect.payload}):
            again = desk.forge.amend(place, effect.remote_id, _signed(action.body, desk, effect))
        case KeepIssue(), Repository() if is_old or _differs(shown, {"about": "health", **effect.payload}):
            body = _signed(action.body, desk, effect)
            again = desk.forge.edit_issue(place.ref, effect.remote_id, body, is_open=action.open)
        case SetCheck(), Change() | Repository() if _differs(shown, effect.payload):
            again = _judge(action, place, desk, effect)
        case _:
            return ()
    try:
        await desk.effects.permit(effect, desk.feature)
        await again
    except Held as held:
        again.close()
        await desk.effects.hold(effect, held)
        return ()
    except Gone:
        await desk.effects.skipped(effect, "it was deleted")
        return ()
    except Forbidden:
        if not _is_beside(action):
            raise
        return ()
    except Unsure as error:
        raise Unavailable(str(error)) from error  # writing it twice is the same as once
    await desk.effects.done(_marked(effect, desk), effect.remote_id, shown)
    return ()


async def _judge(action: SetCheck, place: Change | Repository, desk: Desk, effect: Effect) -> int:
    """Set the check; a repository's leads to Usher's page of it, a change's to where the change is."""
    repository, url = (
        (place.ref, desk.page) if isinstance(place, Repository) else (place.repository, place.url)
    )
    return await desk.forge.judge(repository, _verdict(action, url, effect))


def _verdict(action: SetCheck, url: str, effect: Effect) -> Verdict:
    """A check's annotations can only be added to, so others make it another verdict. `url` tells all of it."""
    said = json.dumps([asdict(each) for each in action.annotations]).encode()
    name = f"{effect.key}|{hashlib.sha256(said).hexdigest()[:12]}" if action.annotations else effect.key
    return Verdict(
        action.name,
        action.head,
        action.conclusion,
        action.title,
        action.summary,
        name,
        action.annotations,
        url,
    )


def _differs(shown: dict[str, Any], before: Mapping[str, Any]) -> bool:
    now = json.loads(json.dumps(shown))  # as the database gives it back
    return any(now[name] != before.get(name) for name in now)


def _signed(body: Body, desk: Desk, effect: Effect) -> str:
    return sealed(body, desk.sign(effect.key)[0])


def _marked(effect: Effect, desk: Desk) -> Effect:
    """The effect with the marker that is written now."""
    return replace(effect, marker=desk.sign(effect.key)[0])


def _kind(action: ForgeAction) -> str:
    return action.key.partition("|")[0]


def _payload(action: ForgeAction, now: datetime) -> dict[str, Any]:
    """What is said or done, and when by the clock of promises, which the database does not know."""
    return {**asdict(action), "at": now.isoformat()}
