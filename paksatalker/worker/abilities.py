"""What a queue asks of a worker beyond what every worker has, and what is lacking here."""

from __future__ import annotations

from collections.abc import Sequence

from paksatalker.config import get_settings
from paksatalker.core.engines import find
from paksatalker.errors import PaksaTalkerError

_NEURAL = "neural-gpu"
#: What a worker does that was told nothing else.
USUAL = ("portrait", "voices")


def lacking(queue: str) -> PaksaTalkerError | None:
    """Why no job of a queue could be done on this machine, with the command that mends it; None if they can be.

    Args:
        queue: One of :data:`~paksatalker.service.states.QUEUES`.
    """
    if queue != _NEURAL:
        return None
    for stage, engine in (("renderer", "sadtalker"), ("face", "sadtalker"), ("renderer", "portrait")):
        if (hindrance := find(stage, engine).hindrance()) is not None:  # the portrait's looks at the photo
            return hindrance
    if get_settings().sadtalker_model_path is None:
        return None
    from paksatalker.models.sadtalker import checkpoints

    try:  # a folder of the operator's own
        for part in (checkpoints.main_part("generator"), checkpoints.mapping_part(full=False)):
            part.path()
    except PaksaTalkerError as error:
        return error
    return None


def chosen(queues: Sequence[str] | None) -> tuple[list[str], dict[str, PaksaTalkerError]]:
    """The queues that a worker takes.

    Args:
        queues: Those that it was told to take; None takes all that it can.

    Returns:
        The queues, and why others are not taken.
    """
    if queues is not None:
        return list(queues), {}
    hindrance = lacking(_NEURAL)
    return [*USUAL, *(() if hindrance else (_NEURAL,))], {_NEURAL: hindrance} if hindrance else {}
