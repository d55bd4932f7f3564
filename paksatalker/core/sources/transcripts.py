"""What is said in a recording, as somebody wrote it down: read as a voice would read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from paksatalker.core.engines import RecordingEngine
from paksatalker.core.request import Request
from paksatalker.core.sources.speaking import speak_directed
from paksatalker.core.text.clean import readable_for
from paksatalker.core.text.language import assign_languages, document_language
from paksatalker.core.text.load import load_text
from paksatalker.core.text.normalise import normalise
from paksatalker.core.text.sentences import sentences
from paksatalker.core.timeline import Speech, Utterance

#: What a transcript that does not tell its language is taken to be in.
_EXPECTED = "en"


@dataclass(frozen=True, slots=True)
class Transcript:
    """A transcript that can be followed.

    Attributes:
        text: Clean text, as written.
        language: Primary tag of its language.
    """

    text: str
    language: str

    def listen(self, engine: RecordingEngine, recording: Path) -> Iterator[Speech]:
        """Has a recording followed along the transcript.

        The engine gets the words as they are said ("five dollars"); they come back as written ("$5").

        Args:
            engine: What listens.
            recording: The file.

        Yields:
            The engine's pieces.
        """

        def follow(said: Iterable[Utterance]) -> Iterator[Speech]:  # takes all sentences before it begins
            words = " ".join(utterance.text for utterance in said)
            return engine.listen(recording, words, self.language)

        told = assign_languages(sentences(self.text), self.language)
        return speak_directed(follow, map(normalise, told))


def read_transcript(request: Request, longest: int) -> Transcript | None:
    """The transcript of a request; None where it has none.

    Args:
        request: Its language counts, else that of the text.
        longest: Characters that are allowed.

    Raises:
        TextUnreadable: The file cannot be read.
        TextEmpty: There is nothing in it.
        TextTooLong: It is longer than allowed.
        TextUnspeakable: It holds no words.
    """
    if request.transcript is None:
        return None
    said = request.transcript
    said = load_text(said) if isinstance(said, Path) else said
    language = request.primary_language or document_language(said, _EXPECTED)
    return Transcript(readable_for(said, language, longest).text, language)
