"""How the words of a recording are pronounced, in any language: by its rules of reading, else letter by letter."""

from __future__ import annotations

from collections.abc import Iterator

from paksatalker.core.audio.g2p import RULED, TextPronouncer, make_pronouncer
from paksatalker.core.audio.letters import letter_phones
from paksatalker.core.audio.recordings.transcript import TranscriptWord, transcript_words


class WordReader:
    """Reads words in one language.

    Args:
        language: ISO 639-1 code.
    """

    def __init__(self, language: str) -> None:
        self._language = language
        self._pronouncer: TextPronouncer | None = None

    def words(self, text: str) -> list[TranscriptWord]:
        """The words of a text with their phones. Those without sound (a dash) are joined to the one before."""
        if self._language in RULED:
            self._pronouncer = self._pronouncer or make_pronouncer(self._language)
            return transcript_words(text, self._pronouncer)
        return list(self._spelled(text))

    def _spelled(self, text: str) -> Iterator[TranscriptWord]:
        word: TranscriptWord | None = None
        silent = ""
        for written in text.split():
            if phones := letter_phones(written, self._language):
                if word is not None:
                    yield word
                word, silent = TranscriptWord(f"{silent} {written}".strip(), phones), ""
            elif word is not None:
                word = TranscriptWord(f"{word.text} {written}", word.phones)
            else:
                silent = f"{silent} {written}".strip()
        if word is not None:
            yield word
