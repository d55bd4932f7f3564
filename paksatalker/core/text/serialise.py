"""Scripts back to markup."""

from __future__ import annotations

import re
from dataclasses import replace

from paksatalker.core.text.script import Script
from paksatalker.core.text.tokens import HEADING, LABEL, TAG, Dialogue
from paksatalker.core.timeline import StageCue, Utterance

_BRACKET = re.compile(r"(\\*)\[")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def serialise(script: Script, start: Utterance | None = None) -> str:
    """Writes a script as markup that :func:`~paksatalker.core.text.markup.parse_markup` reads back as the same script.

    Args:
        script: Any script that a parser made.
        start: The direction at the beginning that the parser will be given.
    """
    writer = _Writer(start or Utterance(""))
    for index, utterance in enumerate(script.utterances):
        writer.write(utterance, last=index == len(script.utterances) - 1)
    return "".join(writer.parts)


class _Writer:
    def __init__(self, start: Utterance) -> None:
        self.parts: list[str] = []
        self._state = start
        self._start_voice = start.voice
        self._voices: dict[str, str] = {}  # of each speaker
        self._dialogue = Dialogue()

    @property
    def _at_line_start(self) -> bool:
        return not self.parts or self.parts[-1].endswith("\n")

    def write(self, utterance: Utterance, *, last: bool) -> None:
        cues = list(utterance.cues)
        while cues and cues[0].kind == "scene" and cues[0].at == 0 and self._at_line_start:
            self._put(f"# {cues.pop(0).value}\n")
            self._dialogue.begin_scene()
        state, speaker = self._state, utterance.speaker
        if speaker != state.speaker:
            state = replace(state, voice=self._voices.get(speaker, self._start_voice))
        tags = _direction_tags(state, utterance)
        if utterance.voice != state.voice:
            self._voices[speaker] = utterance.voice
        more = not last or bool(utterance.pause_after)
        marks = _marks(utterance, cues)
        if speaker != self._state.speaker:
            opens = bool(tags) or any(at == 0 for at, _ in marks)
            self._speaker(speaker, "[" if opens else utterance.text.split("\n")[0])
        self._put(*tags)
        self._body(utterance.text, marks, more=more)
        if utterance.pause_after:
            self._put(f"[pause {utterance.pause_after:g}]")
        self._state = utterance

    def _put(self, *parts: str) -> None:
        self.parts += [part for part in parts if part]

    def _speaker(self, name: str, following: str) -> None:
        labelled = LABEL.fullmatch(f"{name}:") and self._at_line_start and self._dialogue.takes(name, following)
        self._put(f"{name}: " if labelled else f"[speaker {name}]" if name else "[speaker]")
        if name:
            self._dialogue.meet(name)

    def _body(self, text: str, marks: list[tuple[int, str]], *, more: bool) -> None:
        position = 0
        for at, tag in marks:
            self._text(text[position:at], more=True)
            self._put(tag)
            if tag.startswith("[scene "):
                self._dialogue.begin_scene()
            position = at
        self._text(text[position:], more=more)

    def _text(self, text: str, *, more: bool) -> None:
        """Writes text. ``more`` says that a tag or a new line follows."""
        for line in _LINE.findall(text):
            ends = line.endswith("\n")
            escaped = _BRACKET.sub(_escape_bracket, line)
            if self._at_line_start:
                escaped = self._escape_line_start(line, escaped, more=more and not ends)
            if not ends and more:
                escaped += "\\" * (len(line) - len(line.rstrip("\\")))
            self._put(escaped)
            self._dialogue.say(line)

    def _escape_line_start(self, line: str, escaped: str, *, more: bool) -> str:
        if re.match(r"\\*#[ \t]", line):
            if line.startswith("\\") or more or HEADING.match(line):
                return "\\" + escaped
            return escaped
        label = LABEL.match(line)
        if label is None or (label.end() == len(line) and more):
            return escaped
        rest = line[label.end() :].rstrip("\n")
        following = rest if rest.strip() or not more else "["
        if label["escape"] or self._dialogue.takes(label["name"], following):
            return escaped[: label.end() - 1] + "\\" + escaped[label.end() - 1 :]
        return escaped


def _escape_bracket(match: re.Match[str]) -> str:
    if match[1] or TAG.match(match.string, match.end() - 1):
        return match[1] * 2 + "\\["
    return match[0]


def _direction_tags(before: Utterance, now: Utterance) -> list[str]:
    """Tags that change one direction into another; the speaker is not among them."""
    tags = []
    if (before.emotion, before.intensity) != (now.emotion, now.intensity):
        tags.append(f"[{now.emotion}]" if now.intensity == 1 else f"[{now.emotion} {now.intensity:g}]")
    if before.voice != now.voice:
        tags.append(f"[voice {now.voice}]" if now.voice else "[voice]")
    if before.language != now.language:
        tags.append(f"[lang {now.language}]" if now.language else "[lang]")
    if before.rate != now.rate:
        tags.append({0.8: "[slow]", 1.25: "[fast]"}.get(now.rate, f"[rate {now.rate:g}]"))
    for field in ("pitch", "volume"):
        if getattr(before, field) != (value := getattr(now, field)):
            tags.append(f"[{field} {value:g}]")
    return tags


def _marks(utterance: Utterance, cues: list[StageCue]) -> list[tuple[int, str]]:
    """Tags inside the text, with their places: at each place what ends, then cues, then what begins."""
    marks: list[tuple[int, int, str]] = []
    for start, end in utterance.emphasis:
        marks += [(start, 2, "[emphasis]"), (end, 0, "[/emphasis]")]
    for reading in utterance.readings:
        tag = "ipa" if reading.ipa else "say"
        marks += [(reading.start, 2, f"[{tag} {reading.spoken}]"), (reading.end, 0, f"[/{tag}]")]
    marks += [(cue.at, 1, f"[{cue.kind} {cue.value}]") for cue in cues]
    marks.sort(key=lambda mark: mark[:2])
    return [(at, tag) for at, _, tag in marks]
