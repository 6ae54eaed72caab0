"""What did not change is not sent twice."""

from app.forges.etags import EtagCache
from app.forges.http import Answer

KEY = (1, "https://api.example.com/x")


def answer(body: bytes, etag: str | None = '"1"') -> Answer:
    return Answer(200, {} if etag is None else {"etag": etag}, body)


def test_an_etag_is_offered_only_with_the_token_that_earned_it():
    cache = EtagCache()
    cache.keep(KEY, "token-a", answer(b"x"))
    assert cache.etag(KEY, "token-a") == '"1"'
    assert cache.etag(KEY, "token-b") is None
    assert cache.etag((2, KEY[1]), "token-a") is None
    assert cache.unchanged(KEY) == answer(b"x")


def test_a_newer_answer_takes_the_place_of_the_older():
    cache = EtagCache()
    cache.keep(KEY, "a", answer(b"x"))
    cache.keep(KEY, "b", answer(b"yy", '"2"'))
    assert cache.etag(KEY, "a") is None
    assert cache.etag(KEY, "b") == '"2"'
    cache.keep(KEY, "b", answer(b"z", None))
    assert cache.etag(KEY, "b") is None
    assert cache.size == 0


def test_the_cache_never_grows_beyond_its_size_and_drops_what_was_used_least():
    cache = EtagCache(100_000)
    for number in range(50):
        cache.keep((1, str(number)), "t", answer(b"x" * 9_000))
        cache.unchanged((1, "0"))
        assert cache.size <= 100_000
    assert cache.etag((1, "0"), "t")
    assert cache.etag((1, "49"), "t")
    assert not cache.etag((1, "1"), "t")


def test_one_large_answer_does_not_push_out_all_others():
    cache = EtagCache(100_000)
    cache.keep(KEY, "t", answer(b"x" * 50_000))
    assert cache.etag(KEY, "t") is None
