"""Issues find an answer: outsiders are seen, and whoever owes one hears of it, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from handlers.issue_situation import IssueSituation
from handlers.leads import lead_of
from handlers.reminded import has_room, look, said, today
from handlers.situation import Reads
from policies import guests
from policies.actions import Action, AddToDigest, Label, Note, Say
from policies.clocks import Obligation
from policies.clocks.hours import is_away, of_person
from policies.clocks.issues import DECLINED
from policies.commands import unanswered
from policies.facts import Labelled, RemarkMade, same
from policies.gaps import in_remarks
from policies.reminders import Rung
from policies.reviewers import seed
from policies.text import checked
from policies.words import support as words

PATIENCE = timedelta(hours=1)
"""How long whoever declines a request has to say why, before they are asked."""


# --- Outsiders ------------------------------------------------------------------------------------------


async def label_outsiders(situation: IssueSituation, _reads: Reads) -> Sequence[Action]:
    """Put the label on an issue from outside the owning team, once; whoever takes it off has the last word."""
    name, owner = situation.rulebook.rules.guests.label, situation.household.owner
    placed = guests.placed(situation.log)
    if not name or not situation.issue.open or owner is None or placed is None or not placed.teams:
        return ()
    at_home = same(owner.team) in map(same, placed.teams)
    if at_home or same(name) in map(same, situation.issue.labels):
        return ()
    return (Label(head="", add=(name,)),)


# --- Reminders ------------------------------------------------------------------------------------------


async def remind_owners(situation: IssueSituation, reads: Reads) -> Sequence[Action]:
    """The reminders that are due now, after comments were read afresh: a lost event must not cost anybody one."""
    if not situation.issue.open or unanswered(situation.log) or not look(situation).rungs:
        return ()
    remarks = [each for each in await reads.forge.remarks(situation.issue) if not reads.forge.wrote(each)]
    command = situation.rulebook.rules.commands.prefix
    if unheard := in_remarks(remarks, situation.log, command=command):
        return (Note(unheard),)
    owed = {each.key: each for each in situation.state.obligations}
    due = [(rung, owed[rung.obligation]) for rung in look(situation).rungs]
    mentions = [each for each in due if each[0].step == "mention" and not _was_told(each[1], situation)]
    actions: list[Action] = []
    if mentions and has_room(situation, mentions=1):
        actions += await _remind(*mentions[0], situation, reads)
    for rung, each in due:
        if rung.step == "digest":
            actions += _in_digest(rung, each, situation)
        elif rung.step == "backup":
            actions += await _remind(rung, each, situation, reads)
        elif rung.step == "reassign":
            actions += _tell_lead(rung, each, situation)
    return actions


def _in_digest(rung: Rung, owed: Obligation, situation: IssueSituation) -> Sequence[Action]:
    """A line for the morning before the time is used up, for whoever it was given to, else for the lead."""
    person = owed.party if owed.ledger == "person" else _lead(situation)
    if person is None or owed.due is None or (owed.ledger == "slot" and _is_given(situation)):
        return ()
    return (
        AddToDigest(
            rung.key,
            person,
            words.soon(owed.due, of_person(situation.terms, person).zone, lead=owed.ledger == "slot"),
        ),
    )


def _tell_lead(rung: Rung, owed: Obligation, situation: IssueSituation) -> Sequence[Action]:
    lead = _lead(situation)
    if lead is None or same(lead) in _reminded(situation):
        return ()
    told = words.tell_lead(lead, owed.due or situation.now, of_person(situation.terms, lead).zone)
    return (_reminder(situation, rung, lead, told),)


def _reminder(situation: IssueSituation, rung: Rung, to: str, body: str) -> Say:
    """A comment that reminds somebody, once for this step, and never more a day than a person should get."""
    most = situation.rulebook.rules.reviews.per_person_day
    return Say(rung.key, checked(body, mentions=[to]), to, most, today(situation).isoformat())


def _was_told(owed: Obligation, situation: IssueSituation) -> bool:
    """Whether somebody heard of this wait already: sorting and answering are one reminder, not two."""
    if owed.ledger == "person":
        return False
    if _is_given(situation):
        return True  # the people it was given to have reminders of their own
    others = {
        each.key for each in situation.state.obligations if each.cycle == owed.cycle and each.ledger == "slot"
    }
    return any(each.step == "mention" and each.obligation in others for each in said(situation))


async def _remind(rung: Rung, owed: Obligation, situation: IssueSituation, reads: Reads) -> Sequence[Action]:
    person, why = await _whom(rung, owed, situation, reads)
    if person is None:
        return ()
    late = words.Late(
        login=person,
        since=owed.t0,
        used=owed.accrued,
        budget=owed.budget,
        due=owed.due or situation.now,
        zone=of_person(situation.terms, person).zone,
        at_work=owed.hours.day < timedelta(days=1),
        why=why,
        triage=owed.kind == "triage",
        command=situation.rulebook.rules.commands.prefix,
    )
    return (_reminder(situation, rung, person, words.reminder(late)),)


async def _whom(
    rung: Rung, owed: Obligation, situation: IssueSituation, reads: Reads
) -> tuple[str | None, str]:
    """Who is reminded, and why them: whoever it was given to, the lead where it is grave, else the least busy."""
    if owed.ledger == "person":
        return owed.party, words.ASSIGNED
    lead = _lead(situation)
    if rung.step == "mention" and _escalates(situation) and lead is not None:
        return lead, words.LEAD
    team = situation.household.owner.team if situation.household.owner else ""
    return await owner_in_turn(situation, reads), words.by_turn(team)


async def owner_in_turn(situation: IssueSituation, reads: Reads) -> str | None:
    """The owner with the fewest answers to give, who is there and did not hear of it yet."""
    rules = situation.rulebook.rules.reviewers
    out = {same(name.lstrip("@")) for name in rules.off_rotation} | _reminded(situation)
    free = [
        name
        for name in situation.terms.owners
        if same(name) not in out
        and not name.endswith("[bot]")
        and same(name) != same(situation.issue.by.login)
        and not is_away(situation.terms, name, situation.now)
    ]
    load = await reads.records.load(free)
    place = (situation.issue.repository.name, situation.issue.number)
    return min(free, key=lambda name: (load.get(same(name), 0), seed(*place, name)), default=None)


def _reminded(situation: IssueSituation) -> set[str]:
    return {same(each.payload["to"]) for each in situation.effects if each.payload.get("to")}


def _escalates(situation: IssueSituation) -> bool:
    """Whether the issue's severity is one that goes to the lead at once."""
    labels = {same(label) for label in situation.issue.labels}
    for name, terms in situation.rulebook.rules.support.severities.items():
        if (terms.label is not None and same(terms.label) in labels) or name == situation.issue.severity:
            return terms.escalate is not None
    return False


def _is_given(situation: IssueSituation) -> bool:
    """Whether somebody is to answer it; who reports an issue and takes it owes nobody an answer."""
    reporter = same(situation.issue.by.login)
    return any(same(login) != reporter for login in situation.issue.assigned)


def _lead(situation: IssueSituation) -> str | None:
    """Who is told when nobody answers; nobody, where they wrote the issue themselves."""
    lead = lead_of(situation)
    return lead if lead is not None and same(lead) != same(situation.issue.by.login) else None


# --- Requests -------------------------------------------------------------------------------------------


async def explain_no(situation: IssueSituation, _reads: Reads) -> Sequence[Action]:
    """Ask whoever declined a request to say why, if they did not within the hour."""
    at = no_explained_by(situation)
    if at is None or situation.now < at:
        return ()
    who = _declined(situation)
    if who is None or not has_room(situation, mentions=1):
        return ()
    body = words.say_why(who.by, situation.issue.by.login, situation.rulebook.rules.commands.prefix)
    return (Say(step="declined", body=checked(body, mentions=[who.by]), to=who.by),)


def no_explained_by(situation: IssueSituation) -> datetime | None:
    """Until when whoever declined should have said why; None where nobody did, or somebody has."""
    declined = _declined(situation)
    if declined is None or _spoke(situation, since=declined.at - PATIENCE):
        return None
    return declined.at + PATIENCE


def _declined(situation: IssueSituation) -> Labelled | None:
    """Who put the label on that is there now."""
    if DECLINED not in map(same, situation.rulebook.rules.support.requests.states):
        return None
    put = [fact for fact in situation.facts(Labelled) if same(fact.label) == DECLINED]
    return put[-1] if put and put[-1].on and put[-1].by and not put[-1].by_bot else None


def _spoke(situation: IssueSituation, since: datetime) -> bool:
    owners = {same(name) for name in situation.terms.owners}
    return any(
        fact.answers and same(fact.by) in owners and fact.at >= since for fact in situation.facts(RemarkMade)
    )
