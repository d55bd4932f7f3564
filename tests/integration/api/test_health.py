def test_health_needs_no_key_and_tells_of_the_parts(stranger):
    assert stranger.get("/health/live").json() == {"status": "ok", "parts": {}}
    answer = stranger.get("/health/ready")
    assert (answer.status_code, answer.json()["parts"]) == (200, {"database": "ok", "queue": "ok"})


def test_whoever_opens_the_address_sees_the_documentation(stranger):
    answer = stranger.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")
    assert stranger.get("/").headers["content-type"].startswith("text/html")


def test_measures_are_there_while_the_queue_is_away(client, monkeypatch):
    assert "paksatalker_queue_up 1.0" in client.get("/metrics").text

    async def away(_) -> int:
        raise ConnectionError("nobody answers")

    monkeypatch.setattr(client.app.state.backend.queue, "workers", away)
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert "paksatalker_queue_up 0.0" in answer.text
    assert 'paksatalker_jobs{state="queued"} 0.0' in answer.text
    assert "paksatalker_workers{" not in answer.text


def test_what_does_not_exist_is_told_in_the_usual_form(stranger):
    answer = stranger.get("/nothing")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "Http"


def test_where_there_is_get_there_is_head(client, stranger):
    for path in ("/health/live", "/health/ready", "/docs", "/openapi.json", "/v1/models", "/api/v1/videos", "/metrics"):
        got, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (got.status_code, b""), path
        assert head.headers["content-type"] == got.headers["content-type"]
    assert client.head("/api/v1/videos/vid_x").status_code == 404
    assert client.head("/api/v1/videos/vid_x/events").status_code == 405
    del stranger.headers["Authorization"]
    assert stranger.head("/api/v1/videos").status_code == 401
