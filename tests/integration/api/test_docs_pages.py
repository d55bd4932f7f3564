"""The pages that explain the API need nothing from anywhere else."""

import re

import pytest


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_a_page_loads_nothing_from_elsewhere(stranger, page):
    answer = stranger.get(page)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert not re.findall(r"(?:https?:)?//[\w.-]+\.[a-z]{2,}", answer.text)
    policy = dict(rule.strip().split(" ", 1) for rule in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert not any(re.search(r"https?:|\*", sources) for sources in policy.values())
    loaded = re.findall(r"(?:src|href)=\"([^\"]+)\"", answer.text)
    assert len(loaded) >= 2
    for address in loaded:
        file = stranger.get(address)
        assert file.status_code == 200, address
        assert len(file.content) > 500
        assert file.headers["content-type"].split(";")[0] in ("text/javascript", "text/css", "image/png")
    assert "/openapi.json" in answer.text
    assert stranger.get("/openapi.json").status_code == 200


@pytest.mark.parametrize("name", ["..%2f..%2fcore.py", "core.py", "", "../core.py", "%00"])
def test_no_other_file_is_served(stranger, name):
    assert stranger.get(f"/docs/static/{name}").status_code == 404
