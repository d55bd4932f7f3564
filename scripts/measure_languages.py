"""Measures how well each language is understood: ten sentences, spoken, and heard by Whisper (base).

Run: ``python scripts/measure_languages.py [LANGUAGE ...]``. Errors are of words, for Chinese of
syllables, for Japanese of kana. Numbers of docs/voices.md.
"""

from __future__ import annotations

import re
import sys
import tempfile
import unicodedata
from pathlib import Path

from paksatalker import say
from paksatalker.core.audio.g2p.chinese import read_number

SENTENCES: dict[str, tuple[str, ...]] = {
    "es": (
        "La niña llegó temprano a la ciudad y abrió todas las ventanas.",
        "¿Cuánto cuesta el jamón que compraste ayer en el mercado?",
        "El perro corrió hacia la casa vieja y nosotros reímos mucho.",
        "Mañana vamos a viajar en tren a la capital para visitar el museo.",
        "Me gustaría beber un vaso de agua fría, por favor.",
        "La reunión empieza a las nueve y termina antes de la comida.",
        "Nuestro equipo ganó el partido gracias a un gol en el último minuto.",
        "En invierno las montañas están cubiertas de nieve.",
        "¿Puedes decirme dónde está la estación más cercana?",
        "Hoy quiero explicar cómo una fotografía puede aprender a hablar.",
    ),
    "it": (
        "La ragazza arrivò presto in città e aprì le grandi finestre.",
        "Quanto costa il prosciutto che hai comprato ieri al mercato?",
        "Gli amici di Giulia scelgono sempre la zuppa di verdure.",
        "Domani andiamo in treno nella capitale per visitare il museo.",
        "Vorrei bere un bicchiere di acqua fredda, per favore.",
        "La riunione comincia alle nove e finisce prima di pranzo.",
        "La nostra squadra ha vinto la partita grazie a un gol all'ultimo minuto.",
        "In inverno le montagne sono coperte di neve.",
        "Puoi dirmi dove si trova la stazione più vicina?",
        "Oggi voglio spiegare come una fotografia può imparare a parlare.",
    ),
    "pt": (
        "A menina chegou cedo à cidade e abriu todas as janelas.",
        "Quanto custa o presunto que você comprou ontem no mercado?",
        "O cachorro correu para a casa velha e nós rimos muito.",
        "Amanhã vamos viajar de trem para a capital e visitar o museu.",
        "Eu gostaria de beber um copo de água fria, por favor.",
        "A reunião começa às nove e termina antes do almoço.",
        "Nosso time ganhou o jogo graças a um gol no último minuto.",
        "No inverno as montanhas ficam cobertas de neve.",
        "Você pode me dizer onde fica a estação mais próxima?",
        "Hoje quero explicar como uma fotografia pode aprender a falar.",
    ),
    "fr": (
        "La jeune fille est arrivée tôt en ville et elle a ouvert toutes les fenêtres.",
        "Combien coûte le jambon que vous avez acheté hier au marché ?",
        "Les enfants jouent souvent au parc avec leurs amis après l'école.",
        "Demain, nous allons prendre le train pour visiter le musée de la capitale.",
        "Je voudrais boire un verre d'eau froide, s'il vous plaît.",
        "La réunion commence à neuf heures et se termine avant le déjeuner.",
        "Notre équipe a gagné le match grâce à un but à la dernière minute.",
        "En hiver, les montagnes sont couvertes de neige.",
        "Pouvez-vous me dire où se trouve la gare la plus proche ?",
        "Aujourd'hui, je veux expliquer comment une photographie peut apprendre à parler.",
    ),
    "hi": (
        "नमस्ते, मेरा नाम राहुल है और मैं दिल्ली में रहता हूँ।",
        "आज मौसम बहुत अच्छा है, चलो बाहर घूमने चलते हैं।",
        "क्या आपने कल रात का खाना खा लिया था?",
        "मुझे एक गिलास ठंडा पानी चाहिए।",
        "हमारी टीम ने आखिरी मिनट में मैच जीत लिया।",
        "सर्दियों में पहाड़ बर्फ से ढक जाते हैं।",
        "भारत एक विशाल देश है और यहाँ कई भाषाएँ बोली जाती हैं।",
        "कल हम ट्रेन से राजधानी जाएंगे और संग्रहालय देखेंगे।",
        "बच्चे स्कूल के बाद पार्क में खेलते हैं।",
        "क्या आप मुझे बता सकते हैं कि स्टेशन कहाँ है?",
    ),
    "zh": (
        "今天天气很好，我们去公园散步吧。",
        "你昨天在市场买的苹果多少钱？",
        "孩子们放学以后常常在操场上踢足球。",
        "明天我们坐火车去北京参观博物馆。",
        "请给我一杯冷水，谢谢。",
        "会议上午九点开始，中午以前结束。",
        "我们的球队在最后一分钟赢了比赛。",
        "冬天的时候，山上都是白雪。",
        "请问最近的地铁站在哪里？",
        "我在大学学习中文，已经学了三年。",
    ),
    "ja": (
        "今日はとても良い天気ですね。",
        "昨日、市場で買ったりんごはいくらでしたか。",
        "子供たちは放課後、公園で遊びます。",
        "明日、電車で東京へ行って博物館を見ます。",
        "冷たい水を一杯ください。",
        "会議は午前九時に始まります。",
        "私たちのチームは最後の一分で試合に勝ちました。",
        "冬になると、山は雪で白くなります。",
        "一番近い駅はどこですか。",
        "大学で三年間日本語を勉強しています。",
    ),
}
#: Shows Whisper which script is meant; it writes Hindi in Arabic letters otherwise.
PROMPTS = {"hi": "नमस्ते। यह एक हिंदी वाक्य है।", "zh": "以下是普通话的句子。"}


def main() -> None:
    """Prints a line for each language, and each sentence that was heard differently."""
    from faster_whisper import WhisperModel

    from paksatalker.models.base import WeightsStore

    folder = WeightsStore().path("whisper-base", "model.bin").parent
    ear = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2)
    for language in sys.argv[1:] or SENTENCES:
        wrong = total = 0
        for sentence in SENTENCES[language]:
            heard = _heard(ear, sentence, language)
            expected, found = _units(sentence, language), _units(heard, language)
            errors = _distance(expected, found)
            wrong, total = wrong + errors, total + len(expected)
            if errors:
                print(f"  {errors}  {sentence}  |  {heard.strip()}")
        print(f"{language}: {100 * wrong / total:.1f}% ({wrong} of {total})", flush=True)


def _heard(ear: object, sentence: str, language: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        say(path, sentence, language=language, speech_engine="kokoro")
        segments, _ = ear.transcribe(str(path), language=language, beam_size=5, initial_prompt=PROMPTS.get(language))  # type: ignore[attr-defined]
        return "".join(segment.text for segment in segments)


def _units(text: str, language: str) -> list[str]:
    """Words; for Chinese the syllables and for Japanese the kana, since the ear cannot tell how they are written."""
    plain = unicodedata.normalize("NFC", text.lower())
    plain = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in plain)
    if language == "zh":
        from pypinyin import lazy_pinyin

        return lazy_pinyin(re.sub(r"\d+", lambda m: read_number(m[0]), plain.replace(" ", "")))
    if language == "ja":
        import pyopenjtalk

        return list(pyopenjtalk.g2p(plain.replace(" ", ""), kana=True))
    return plain.split()


def _distance(one: list[str], other: list[str]) -> int:
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


if __name__ == "__main__":
    main()
