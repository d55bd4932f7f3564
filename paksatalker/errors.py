"""Every error a user can meet: what happened, why, and how to mend it.

Each class has its own process exit code, so that a script can tell a missing face from a full disk. The table in
``docs/errors.md`` is checked against this module by a test.
"""

from __future__ import annotations


class PaksaTalkerError(Exception):
    """Base of all errors that are about the user's input or machine rather than a defect of ours.

    Args:
        what: What could not be done, one clause without a final full stop.
        why: The cause, as precisely as it is known.
        fix: What the user can do about it; a command when there is one.
    """

    exit_code = 1

    def __init__(self, what: str, why: str = "", fix: str = "") -> None:
        self.what = what
        self.why = why
        self.fix = fix
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The one-line form shown to users: what, why, and how to mend it."""
        return _line(self.what, self.why, self.fix)

    @property
    def code(self) -> str:
        """A stable machine-readable name, e.g. ``NoFace``."""
        return type(self).__name__

    def to_dict(self) -> dict[str, str]:
        """See :func:`error_dict`."""
        return error_dict(self.code, self.what, self.why, self.fix)


def error_dict(code: str, what: str, why: str = "", fix: str = "") -> dict[str, str]:
    """An error as JSON has it, also one that has no class here because only the service knows it.

    Args:
        code: A stable machine-readable name, e.g. ``NoFace``.
        what: What could not be done.
        why: The cause.
        fix: What the user can do about it.

    Returns:
        These, and ``message``: the one-line form shown to users.
    """
    return {"code": code, "message": _line(what, why, fix), "what": what, "why": why, "fix": fix}


def _line(what: str, why: str, fix: str) -> str:
    line = what + (f": {why}" if why else "") + (f". {fix}" if fix else "")
    return " ".join(line.splitlines())  # causes may quote a library


class InvalidOption(PaksaTalkerError):
    """An option has a value outside its range or contradicts another."""

    exit_code = 2


# --- the photo -------------------------------------------------------------------------------------------------------
class ImageUnreadable(PaksaTalkerError):
    """The image is missing, empty, truncated, or of no format we read."""

    exit_code = 10


class ImageTooLarge(PaksaTalkerError):
    """Decoding the image would take more memory than is allowed (a decompression bomb)."""

    exit_code = 11


class NoFace(PaksaTalkerError):
    """No face was found in the photo."""

    exit_code = 12


class FaceTooSmall(PaksaTalkerError):
    """The face is smaller than 64 pixels."""

    exit_code = 13


class NoSuchFace(PaksaTalkerError):
    """``--face N`` names a face that the photo does not have."""

    exit_code = 14


# --- the text --------------------------------------------------------------------------------------------------------
class TextEmpty(PaksaTalkerError):
    """There is nothing to say."""

    exit_code = 20


class TextTooLong(PaksaTalkerError):
    """The text is longer than the configured limit."""

    exit_code = 21


class TextUnspeakable(PaksaTalkerError):
    """The voice cannot read this text (another script or language)."""

    exit_code = 22


class TextUnreadable(PaksaTalkerError):
    """The text file is missing or is not text."""

    exit_code = 23


class UnknownVoice(PaksaTalkerError):
    """No installed voice has this name."""

    exit_code = 24


class ScriptInvalid(PaksaTalkerError):
    """An SSML document is not well-formed, or holds what is not allowed."""

    exit_code = 25


class TextRefused(PaksaTalkerError):
    """The text holds what the word list or the moderation hook does not let through."""

    exit_code = 26


class WritingFailed(PaksaTalkerError):
    """The language model did not write what was asked, even when asked again."""

    exit_code = 27


# --- the recording ---------------------------------------------------------------------------------------------------
class AudioUnreadable(PaksaTalkerError):
    """The recording is missing, corrupt, or has no audio stream."""

    exit_code = 30


class AudioEmpty(PaksaTalkerError):
    """The recording has no samples, or too few to animate."""

    exit_code = 31


class AudioSilent(PaksaTalkerError):
    """The recording holds no speech: nothing in it is above the noise floor."""

    exit_code = 32


class AudioTooLong(PaksaTalkerError):
    """The recording is longer than the configured limit."""

    exit_code = 33


class TranscriptMismatch(PaksaTalkerError):
    """The transcript does not fit the recording."""

    exit_code = 34


class ReferenceUnsuitable(PaksaTalkerError):
    """A recording cannot be a reference for cloning: too short, too noisy, clipped, or of several speakers."""

    exit_code = 35


class ConsentMissing(PaksaTalkerError):
    """A voice resembles a speaker whose consent is not on record, or whose record was changed."""

    exit_code = 36


# --- the output ------------------------------------------------------------------------------------------------------
class OutputUnwritable(PaksaTalkerError):
    """The output path cannot be written."""

    exit_code = 40


class DiskFull(PaksaTalkerError):
    """The disk filled up while the video was being written."""

    exit_code = 41


class EncodingFailed(PaksaTalkerError):
    """The encoder refused the frames or is not in this build of FFmpeg."""

    exit_code = 42


# --- the machine -----------------------------------------------------------------------------------------------------
class EngineUnavailable(PaksaTalkerError):
    """An engine is known but cannot run here; ``fix`` is the exact command that mends it."""

    exit_code = 50


class EnginesIncompatible(PaksaTalkerError):
    """Two engines were asked for that do not fit together."""

    exit_code = 51


class WriterUnreachable(PaksaTalkerError):
    """The server of the language model does not answer, refuses the key, or has no such model."""

    exit_code = 52


class WeightsMissing(PaksaTalkerError):
    """A model file is not in the weights store; ``fix`` is the download command."""

    exit_code = 60


class DownloadFailed(PaksaTalkerError):
    """None of a model file's sources could be fetched."""

    exit_code = 61


class WeightsCorrupt(PaksaTalkerError):
    """A model file does not have the size or SHA-256 that the manifest promises."""

    exit_code = 62


class WeightsUnsafe(PaksaTalkerError):
    """A model file wants to run code when it is opened. Nothing was run."""

    exit_code = 63


class WeightsUnfit(PaksaTalkerError):
    """A model file is whole, but holds the weights of another network."""

    exit_code = 64


class SettingsInvalid(PaksaTalkerError):
    """An environment variable or ``.env`` entry has a value we cannot use."""

    exit_code = 70


class VideoUnreadable(PaksaTalkerError):
    """A video given for scoring cannot be decoded or shows no face."""

    exit_code = 71


class MotionUnreadable(PaksaTalkerError):
    """A file of body motion is missing, damaged, or holds no motion."""

    exit_code = 73


class RunFailed(PaksaTalkerError):
    """A program that the benchmark measures ended with an error."""

    exit_code = 72


class Cancelled(PaksaTalkerError):
    """The user stopped the work (Ctrl-C or a cancel call)."""

    exit_code = 130

    def __init__(
        self,
        what: str = "stopped",
        why: str = "the work was interrupted",
        fix: str = "No unfinished file was left behind",
    ) -> None:
        super().__init__(what, why, fix)
