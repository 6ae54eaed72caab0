"""What did not change is not sent twice."""

from app.forges.etags import EtagCache, Kept
from app.forges.http import Answer

KEY = (1, "https://api.example.com/x", "application/json")


def answer(body: bytes, etag: str | None = '"1"') -> Answer:
    return Answer(200, {} if etag is None else {"etag": etag}, body)


def test_an_etag_is_offered_only_with_the_token_that_earned_it():
    cache = EtagCache()
    cache.keep(KEY, "token-a", answer(b"x"))
    assert cache.of(KEY, "token-a") == Kept('"1"', "token-a", answer(b"x"))
    assert cache.of(KEY, "token-b") is None
    assert cache.of((2, *KEY[1:]), "token-a") is None
    assert cache.of((*KEY[:2], "application/vnd.other+json"), "token-a") is None


def test_a_newer_answer_takes_the_place_of_the_older():
    cache = EtagCache()
    cache.keep(KEY, "a", answer(b"x"))
    cache.keep(KEY, "b", answer(b"yy", '"2"'))
    assert cache.of(KEY, "a") is None
    assert cache.of(KEY, "b").etag == '"2"'
    cache.keep(KEY, "b", answer(b"z", None))
    assert cache.of(KEY, "b") is None
    assert cache.size == 0


def test_the_cache_never_grows_beyond_its_size_and_drops_what_was_used_least():
    cache = EtagCache(100_000)
    for number in range(50):
        cache.keep((1, str(number), ""), "t", answer(b"x" * 9_000))
        cache.of((1, "0", ""), "t")
        assert cache.size <= 100_000
    assert cache.of((1, "0", ""), "t")
    assert cache.of((1, "49", ""), "t")
    assert not cache.of((1, "1", ""), "t")


def test_one_large_answer_does_not_push_out_all_others():
    cache = EtagCache(100_000)
    cache.keep(KEY, "t", answer(b"x" * 50_000))
    assert cache.of(KEY, "t") is None
