"""Keys: what is sealed can be opened while any of the master keys is kept, and says so when none is."""

from __future__ import annotations

import secrets

import pytest

from app.keys import KeyLost, Seal, derived

OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)


def test_a_rotated_key_still_opens_what_the_old_one_sealed() -> None:
    sealed = Seal([OLD]).close("a secret")
    assert b"a secret" not in sealed
    assert Seal([NEW, OLD]).open(sealed) == "a secret"


def test_a_lost_key_says_what_to_do() -> None:
    with pytest.raises(KeyLost, match="Add the old key"):
        Seal([NEW]).open(Seal([OLD]).close("a secret"))


def test_each_purpose_has_a_key_of_its_own() -> None:
    assert derived(OLD, "hook s-1") == derived(OLD, "hook s-1")
    assert len({derived(OLD, "hook s-1"), derived(OLD, "hook s-2"), derived(NEW, "hook s-1")}) == 3
