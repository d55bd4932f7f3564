import inspect
from dataclasses import fields
from typing import Any

import pytest

from paksatalker.cli.generate import generate
from paksatalker.cli.say import say
from paksatalker.core.request import Request, SpeechRequest

#: Fields of requests that a command has under another name, or decides itself.
RENAMED = {"format": "container", "face_engine": "engine", "renderer": "engine"}
BY_ITSELF = {"recording_engine", "speech_engine"}


@pytest.mark.parametrize(("command", "kind"), [(generate, Request), (say, SpeechRequest)])
def test_every_field_of_a_request_is_an_option_with_the_same_default(command: Any, kind: Any) -> None:
    parameters = inspect.signature(command).parameters
    for field in fields(kind):
        if field.name in BY_ITSELF:
            continue
        default = parameters[RENAMED.get(field.name, field.name)].default
        if field.name not in ("image", "yaw", "nod", "roll"):
            assert (default or ()) == (field.default or ()), field.name
