"""Models that stay in memory."""

import threading

import pytest

from paksatalker.models.cache import ModelCache


def load(cache, key, size=10, made=None):
    def make():
        if made is not None:
            made.append(key)
        return [key] * size

    return cache.get(key, make, len)


def test_what_was_loaded_stays():
    cache, made = ModelCache(100), []
    first = load(cache, "a", made=made)
    assert load(cache, "a", made=made) is first
    assert made == ["a"]
    assert (len(cache), cache.size) == (1, 10)


def test_the_least_recently_used_goes_first():
    cache = ModelCache(30)
    for key in "abc":
        load(cache, key)
    load(cache, "a")
    load(cache, "d")
    assert [key for key in "abcd" if key in cache] == ["a", "c", "d"]
    load(cache, "e", size=25)
    assert [key for key in "abcde" if key in cache] == ["e"]


def test_what_is_larger_than_the_limit_is_handed_out_and_not_kept():
    cache = ModelCache(30)
    load(cache, "a")
    assert len(load(cache, "huge", size=31)) == 31
    assert "huge" not in cache
    assert "a" in cache, "nothing has to go for what cannot stay"
    assert cache.size <= 30


def test_a_failure_keeps_nothing_and_may_be_tried_again():
    cache = ModelCache(30)

    def fail():
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        cache.get("a", fail, len)
    assert len(cache) == 0
    assert len(load(cache, "a")) == 10


def test_threads_load_a_model_once_and_others_beside_it():
    cache, made = ModelCache(1000), []
    inside, go_on = threading.Event(), threading.Event()

    def slow():
        made.append("slow")
        inside.set()
        assert go_on.wait(5)
        return [0] * 10

    results = []
    threads = [threading.Thread(target=lambda: results.append(cache.get("slow", slow, len))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert inside.wait(5)
    load(cache, "other")  # does not wait for the slow one
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert made == ["slow"]
    assert len(results) == 4
    assert all(result is results[0] for result in results)


def test_clearing_while_loading():
    cache = ModelCache(100)

    def make():
        cache.clear()
        return [0] * 5

    assert len(cache.get("a", make, len)) == 5
    assert (len(cache), cache.size) == (0, 0)


def test_a_negative_limit_is_refused():
    with pytest.raises(ValueError, match="negative"):
        ModelCache(-1)
