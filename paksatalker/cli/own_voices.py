"""``paksatalker voices clone``, ``save``, ``show`` and ``remove``: voices of one's own."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from paksatalker.cli.console import note, print_json, say, stdout, table
from paksatalker.cli.options import Json
from paksatalker.config import get_settings
from paksatalker.core.audio.cloning.consent import Consent, read_consent, record_consent
from paksatalker.core.audio.tts.blend import SavedVoices, parse_blend
from paksatalker.core.engines import installed
from paksatalker.errors import AudioUnreadable, InvalidOption

if TYPE_CHECKING:
    from paksatalker.core.audio.cloning.match import Match

Name = Annotated[str, typer.Argument(help="Name of the voice: small letters, digits, - and _.", show_default=False)]
Force = Annotated[bool, typer.Option("--force", help="Replace a voice of the same name.")]
_REPORTED = 8  # steps between two lines


def register(app: typer.Typer) -> None:
    """Adds the commands to ``paksatalker voices``."""
    app.command("clone")(clone)
    app.command("save")(save)
    app.command("show")(show)
    app.command("remove")(remove)


def clone(
    *,
    name: Name,
    references: Annotated[
        list[Path], typer.Argument(help="Recordings of the speaker: 5 s of speech, better 20 s.", show_default=False)
    ],
    consent: Annotated[
        str,
        typer.Option(help="What the speaker agrees to, in their words, with their name.", show_default=False),
    ] = "",
    force: Force = False,
    engine: Annotated[
        str, typer.Option(help="kokoro: a resemblance; xtts: a clone by XTTS-v2, where Coqui is set up.")
    ] = "kokoro",
    seed: Annotated[int, typer.Option(help="The same seed gives the same voice.")] = 0,
    json: Json = False,
) -> None:
    """Make a voice that resembles a speaker, with their consent.

    A stock voice is moved towards the speaker's. What comes out is a resemblance, not the speaker.
    """
    saved = SavedVoices(get_settings().voices)
    if engine not in ("kokoro", "xtts"):
        raise InvalidOption(f"--engine cannot be '{engine}'", "kokoro and xtts clone voices", "Choose one of them")
    if engine == "kokoro":
        saved.check_name(name, _taken(saved), force=force)
    for path in references:
        if not path.is_file():
            why = "it is a folder" if path.is_dir() else "there is no such file"
            raise AudioUnreadable(f"cannot read {path}", why, "Name recordings")
    record = record_consent(name, consent, references)
    if engine == "xtts":
        _clone_by_xtts(name, references, record, saved, force=force, json=json)
        return
    from paksatalker.core.audio.cloning.match import match_voice  # heavy: not for --help

    began = time.monotonic()
    match = match_voice(references, seed=seed, report=_progress)
    path = saved.save(name, match.blend, _taken(saved), consent=record, force=force)
    for remark in match.reference.notes:
        note(remark)
    judged, fitted = asdict(match.judged), asdict(match.fitted)
    if json:
        facts: dict[str, Any] = {"voice": name, "file": str(path), "from": match.blend.main, "speaker": record.speaker}
        facts["stock"] = match.is_stock
        likeness = {"judge": {"network": "CAM++", **judged}, "fitted": {"network": "GE2E", **fitted}}
        notes = list(match.reference.notes)
        print_json({**facts, **likeness, "seconds": round(time.monotonic() - began, 1), "notes": notes})
        return
    stdout().print(_described(name, record.speaker, match), soft_wrap=True, markup=False)


def _clone_by_xtts(
    name: str, references: list[Path], record: Consent, saved: SavedVoices, *, force: bool, json: bool
) -> None:
    from paksatalker.core.audio.cloning.reference import RATE
    from paksatalker.core.audio.cloning.xtts import XttsVoices, read_speaker
    from paksatalker.core.audio.tts.coqui import CoquiSpeech

    own = XttsVoices(get_settings().voices)
    own.check_name(name, (_taken(saved) | set(saved.names())) - set(own.names()), force=force)
    CoquiSpeech().voice("xtts")  # says what is missing, and the licence
    speaker = read_speaker(references)
    path = own.save(name, speaker.speech, record)
    for remark in speaker.notes:
        note(remark)
    if json:
        facts = {"voice": name, "file": str(path), "engine": "xtts", "speaker": record.speaker}
        print_json({**facts, "seconds_of_speech": round(len(speaker.speech) / RATE, 1), "notes": list(speaker.notes)})
        return
    text = (
        f"'{name}' will be spoken by XTTS-v2 after {record.speaker}'s recordings; how alike it is "
        f"has not been measured.\n"
        f"Say something with it: paksatalker say 'Hello.' --voice {name} -o hello.wav"
    )
    stdout().print(text, soft_wrap=True, markup=False)


def _described(name: str, speaker: str, match: Match) -> str:
    """What was made, in honest words."""
    judged, fitted, stock = match.judged, match.fitted, match.blend.main
    if match.is_stock:
        what = (
            f"'{name}' is the stock voice {stock} as it is: nothing was found that is nearer to {speaker}.\n"
            f"Similarity to the speaker: {judged.stock:.2f} (the speaker's own recordings among themselves "
            f"{judged.speaker:.2f}), as a network hears it (CAM++) that had no part in the matching."
        )
    else:
        what = (
            f"'{name}' is a resemblance of {speaker}, made from {stock}; it is not their voice.\n"
            f"Similarity to the speaker: {judged.voice:.2f} (the stock voice {judged.stock:.2f}, the speaker's own "
            f"recordings among themselves {judged.speaker:.2f}), as a network hears it (CAM++) that had no part in the "
            f"matching.\nThe network it was matched with (GE2E) is more flattering: {fitted.voice:.2f} "
            f"({fitted.stock:.2f}, {fitted.speaker:.2f})."
        )
        if judged.voice <= judged.stock:
            what += "\nBy the first network, the stock voice is as near: listen to both."
    return f"{what}\nSay something with it: paksatalker say 'Hello.' --voice {name} -o hello.wav"


def _progress(step: int, steps: int, similarity: float) -> None:
    if step == 1 or step % _REPORTED == 0 or step == steps:
        say(f"matching: step {step} of {steps}, similarity {similarity:.2f}")


def save(
    name: Name,
    voice: Annotated[
        str, typer.Argument(help="A mixture such as af_heart:0.6+bf_emma:0.4, or one voice.", show_default=False)
    ],
    force: Force = False,
) -> None:
    """Save a mixture of voices under a name."""
    from paksatalker.core.audio.tts.kokoro_voices import KOKORO_VOICES

    blend = parse_blend(voice)
    unknown = [part for part, _ in blend.parts if part not in KOKORO_VOICES]
    if unknown:
        raise InvalidOption(
            f"'{voice}' cannot be saved", f"there is no voice '{unknown[0]}' to mix", "See: paksatalker voices"
        )
    saved = SavedVoices(get_settings().voices)
    path = saved.save(name, blend, _taken(saved), force=force)
    stdout().print(f"'{name}' is {blend}: {path}", soft_wrap=True, markup=False)


def show(name: Name, json: Json = False) -> None:
    """Show a saved voice, and the consent it was made with."""
    facts = _facts(name)
    if json:
        print_json(facts)
        return
    rows = table("what", "value")
    for key, value in facts.items():
        if key != "consent":
            rows.add_row(key, escape(str(value)))
    if "consent" in facts:
        record = facts["consent"]
        for key in ("speaker", "statement", "given"):
            rows.add_row(f"consent, {key}", escape(record[key]))
        for reference in record["references"]:
            rows.add_row("consent, recording", escape(f"{reference['file']} (SHA-256 {reference['sha256']})"))
    stdout().print(rows)


def _facts(name: str) -> dict[str, Any]:
    """What is known of a saved voice."""
    from paksatalker.core.audio.cloning.xtts import XttsVoices  # heavy: not for --help

    own = XttsVoices(get_settings().voices)
    if own.load(name) is not None:
        path = own.file(name)
        return {
            "voice": name,
            "file": str(path),
            "made of": "recordings, by XTTS-v2",
            "consent": asdict(read_consent(path)),
        }
    saved = SavedVoices(get_settings().voices)
    path = saved.file(name)
    blend = saved.load(name)
    if blend is None:
        raise InvalidOption(f"the saved voice '{name}' cannot be read", str(path))
    facts: dict[str, Any] = {"voice": name, "file": str(path), "made of": str(blend)}
    if blend.likeness is not None:
        facts["pitch"] = blend.likeness.pitch
        facts["consent"] = asdict(read_consent(path))
    return facts


def remove(name: Name) -> None:
    """Remove a saved voice, and the record of consent with it."""
    from paksatalker.core.audio.cloning.xtts import XttsVoices  # heavy: not for --help

    own = XttsVoices(get_settings().voices)
    if name in own.names():
        own.remove(name)
    else:
        SavedVoices(get_settings().voices).remove(name)
    stdout().print(f"'{name}' is removed.")


def _taken(saved: SavedVoices) -> set[str]:
    """Names of the voices of all engines that are nobody's own."""
    from paksatalker.core.audio.tts.kokoro_voices import KOKORO_VOICES

    engines = [info.create() for info in installed("speech") if not info.missing()]
    own = set(saved.names())
    return {voice.name for engine in engines for voice in engine.voices() if voice.name not in own} | set(KOKORO_VOICES)
