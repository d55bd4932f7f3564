def test_health_needs_no_key_and_tells_of_the_parts(stranger):
    assert stranger.get("/health/live").json() == {"status": "ok", "parts": {}}
    answer = stranger.get("/health/ready")
    assert (answer.status_code, answer.json()["parts"]) == (200, {"database": "ok", "queue": "ok"})


def test_what_does_not_exist_is_told_in_the_usual_form(stranger):
    answer = stranger.get("/nothing")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "Http"
