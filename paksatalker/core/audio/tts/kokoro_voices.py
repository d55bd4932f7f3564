"""The voices of Kokoro-82M v1.0: names, languages, and the grades that its makers give them."""

from __future__ import annotations

from paksatalker.core.engines import Voice

#: Language by the first letter of a voice's name.
_LANGUAGES = {
    "a": "en-US", "b": "en-GB", "e": "es", "f": "fr-FR", "h": "hi", "i": "it", "j": "ja", "p": "pt-BR", "z": "zh",
}  # fmt: skip
_ENGLISH = {"en-US": "American English", "en-GB": "British English"}

#: Names with the overall grade of the model card (A is best; by length and quality of what the voice was trained on).
_GRADES = {
    "af_heart": "A", "af_alloy": "C", "af_aoede": "C+", "af_bella": "A-", "af_jessica": "D", "af_kore": "C+",
    "af_nicole": "B-", "af_nova": "C", "af_river": "D", "af_sarah": "C+", "af_sky": "C-",
    "am_adam": "F+", "am_echo": "D", "am_eric": "D", "am_fenrir": "C+", "am_liam": "D", "am_michael": "C+",
    "am_onyx": "D", "am_puck": "C+", "am_santa": "D-",
    "bf_alice": "D", "bf_emma": "B-", "bf_isabella": "C", "bf_lily": "D",
    "bm_daniel": "D", "bm_fable": "C", "bm_george": "C", "bm_lewis": "D+",
    "ef_dora": "", "em_alex": "", "em_santa": "", "ff_siwis": "B-", "hf_alpha": "C", "hf_beta": "C", "hm_omega": "C",
    "hm_psi": "C", "if_sara": "C", "im_nicola": "C", "jf_alpha": "C+", "jf_gongitsune": "C", "jf_nezumi": "C-",
    "jf_tebukuro": "C", "jm_kumo": "C-", "pf_dora": "", "pm_alex": "", "pm_santa": "", "zf_xiaobei": "D",
    "zf_xiaoni": "D", "zf_xiaoxiao": "D", "zf_xiaoyi": "D", "zm_yunjian": "D", "zm_yunxi": "D", "zm_yunxia": "D",
    "zm_yunyang": "D",
}  # fmt: skip

#: The voice that ``auto`` means.
DEFAULT = "af_heart"


def _voice(name: str, grade: str) -> Voice:
    language = _LANGUAGES[name[0]]
    words = [_ENGLISH.get(language, ""), f"grade {grade}" if grade else ""]
    gender = "female" if name[1] == "f" else "male"
    return Voice(name, "kokoro", language, gender, ", ".join(filter(None, words)))


#: Every voice by name, the best known language first.
KOKORO_VOICES: dict[str, Voice] = {name: _voice(name, grade) for name, grade in _GRADES.items()}
