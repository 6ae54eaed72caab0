"""A forge's JSON may lack anything, and hold anything."""

from datetime import UTC, datetime

import pytest

from app.forges.json_values import dig, flag, number, objects, text, texts, time

DATA = {
    "a": {"b": {"c": "deep"}},
    "null": None,
    "n": 7,
    "big": 2**63,
    "minus": -1,
    "yes": True,
    "list": [{"x": 1}, None, "s", {"x": 2}],
    "odd": "a\0b\ud800",
}


def test_a_path_leads_to_a_value_or_to_nothing():
    assert dig(DATA, "a.b.c") == "deep"
    for path in ("a.b.c.d", "a.x", "null.x", "list.x", "n.x", ""):
        assert dig(DATA, path) is None


def test_every_kind_has_its_empty_value():
    for data in (DATA, None, [], "text", 5):
        assert text(data, "missing") == ""
        assert number(data, "missing") is None
        assert flag(data, "missing") is False
        assert objects(data, "missing") == ()
        assert texts(data, "missing") == ()
        assert time(data, "missing") is None


def test_values_of_another_type_are_not_taken_for_the_right_one():
    assert text(DATA, "n") == ""
    assert number(DATA, "yes") is None
    assert number(DATA, "big") is None
    assert number(DATA, "minus") is None
    assert flag(DATA, "n") is False
    assert objects(DATA, "list") == ({"x": 1}, {"x": 2})
    assert objects([1, {"y": 1}]) == ({"y": 1},)
    assert texts(DATA, "list") == ("s",)


def test_text_is_what_a_database_can_keep():
    assert text(DATA, "odd") == "ab?"


@pytest.mark.parametrize(
    "said",
    ["2017-09-15T16:50:55Z", "2017-09-15T18:50:55+02:00", "2017-09-15 16:50:55 UTC", 1505494255],
)
def test_one_instant_has_many_forms(said):
    assert time({"at": said}, "at") == datetime(2017, 9, 15, 16, 50, 55, tzinfo=UTC)


@pytest.mark.parametrize(
    "said", ["", "soon", "2017-13-01", 10**18, True, None, [], "0001-01-01T00:00:00+14:00"]
)
def test_what_is_no_instant_is_none(said):
    assert time({"at": said}, "at") is None
