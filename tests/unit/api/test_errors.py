"""What callers are told when the database ends a request for the sake of others, and when it is our fault."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.exc import DBAPIError

from paksatalker.api.errors import install


class Ended(Exception):
    """As drivers tell it."""

    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "status", "code"),
    [("40P01", 503, "DatabaseBusy"), ("40001", 503, "DatabaseBusy"), ("42601", 500, "Internal")],
)
def test_a_deadlock_is_told_as_something_that_passes(sqlstate, status, code):
    app = FastAPI()
    install(app)

    @app.get("/")
    def fails() -> None:
        raise DBAPIError("UPDATE secrets SET a = 'b'", {}, Ended(sqlstate))

    answer = TestClient(app, raise_server_exceptions=False).get("/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert "secrets" not in answer.text
    assert (answer.headers.get("retry-after") == "1") == (status == 503)
