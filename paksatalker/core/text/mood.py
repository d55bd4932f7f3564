"""The emotion of a sentence from its words and marks, without a model: careful, and used only when asked for."""

from __future__ import annotations

import re

# Words that nearly always carry the feeling, by emotion. Ambiguous ones ("like", "fine", "hard") are left out.
_WORDS: dict[str, str] = {
    "happy": "happy glad delighted joy joyful wonderful lovely love loved congratulations cheerful smile smiling "
    "pleased thrilled thankful grateful beautiful yay hooray celebrate celebrating laugh laughing fun",
    "excited": "amazing awesome incredible fantastic exciting excited wow unbelievable brilliant spectacular finally",
    "sad": "sad sorry unfortunately regret grief mourn mourning tragic tragically lonely heartbroken died loss tears "
    "crying miserable unhappy disappointed farewell alas",
    "angry": "angry furious outrageous outraged unacceptable disgrace disgraceful hate rage enough betrayed liar lies",
    "fearful": "afraid scared terrified frightened fear horror panic danger dangerous terrifying nightmare",
    "surprised": "suddenly surprise surprised surprising unexpected unexpectedly astonishing astonished shocked",
    "disgusted": "disgusting gross revolting filthy rotten nauseating vile yuck",
    "calm": "calm calmly relax relaxed peaceful gently breathe quiet serene softly",
}  # fmt: skip
_EMOTION_OF = {word: emotion for emotion, words in _WORDS.items() for word in words.split()}
_NOT = "not no never without hardly isn't wasn't aren't don't didn't doesn't won't can't nothing"
_NEGATION = frozenset(_NOT.split())
_STRONG = frozenset(("very", "so", "really", "extremely", "absolutely", "truly", "deeply", "incredibly"))
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_REACH = 3  # words after a negation that it turns


def mood_of(text: str) -> tuple[str, float]:
    """The emotion and intensity (0–1) that a sentence shows; ``("neutral", 1.0)`` unless it is rather clear.

    English words. A negated word counts for nothing, and so does a tie between two emotions.
    """
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    scores: dict[str, float] = {}
    for index, word in enumerate(words):
        emotion = _EMOTION_OF.get(word)
        if emotion is None or _NEGATION & set(words[max(0, index - _REACH) : index]):
            continue
        scores[emotion] = scores.get(emotion, 0.0) + (1.5 if index and words[index - 1] in _STRONG else 1.0)
    exclaimed = "!" in text
    if not scores:
        return ("surprised", 0.4) if re.search(r"\?!|!\?", text) else ("neutral", 1.0)
    first, *others = sorted(scores.values(), reverse=True)
    if others and others[0] == first:
        return "neutral", 1.0
    emotion = max(scores, key=lambda name: scores[name])
    if emotion == "happy" and exclaimed and first > 1:
        emotion = "excited"
    return emotion, round(min(0.8, 0.35 + 0.15 * first + 0.1 * exclaimed), 2)
