"""Measures how well each language is understood: sentences, spoken, and heard by Whisper (base).

Run: ``python scripts/measure_languages.py [LANGUAGE ...]``. Where there are thirty sentences, the rules were written
with the first ten at hand. Errors are of words, for Chinese of syllables, for Japanese of kana, for Hindi of
consonants. Numbers of docs/voices.md.
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
        "Mi hermana trabaja en un hospital cerca del río.",
        "Los niños juegan en el jardín mientras sus padres conversan.",
        "Esta montaña es la más alta de la región.",
        "Hay que comprar pan, queso y manzanas.",
        "Mi abuelo contaba historias increíbles.",
        "El gobierno anunció una nueva reforma.",
        "Hemos visto una película interesante en el cine.",
        "¿Qué tiempo hará mañana en el norte del país?",
        "Ella busca un piso con dos habitaciones.",
        "Los estudiantes preparan sus exámenes en la biblioteca.",
        "Me gustaría reservar una mesa para cuatro personas.",
        "El perro duerme tranquilamente delante de la chimenea.",
        "¿Por qué habéis llegado tan tarde anoche?",
        "La música de este compositor es maravillosa.",
        "Viven en una casa pequeña en el campo.",
        "Creo que usted tiene toda la razón.",
        "El médico le aconsejó que descansara.",
        "Se oye el ruido de las olas desde la ventana.",
        "Aquel hombre vende verduras frescas en el mercado.",
        "Desgraciadamente, la tienda cierra los domingos.",
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
        "Mia sorella lavora in un ospedale vicino al fiume.",
        "I bambini giocano nel giardino mentre i genitori parlano.",
        "Questa montagna è la più alta della regione.",
        "Bisogna comprare pane, formaggio e mele.",
        "Mio nonno raccontava storie incredibili.",
        "Il governo ha annunciato una nuova riforma.",
        "Abbiamo visto un film interessante al cinema.",
        "Che tempo farà domani nel nord del paese?",
        "Lei cerca un appartamento con due camere.",
        "Gli studenti preparano gli esami in biblioteca.",
        "Vorrei prenotare un tavolo per quattro persone.",
        "Il cane dorme tranquillamente davanti al camino.",
        "Perché siete arrivati così tardi ieri sera?",
        "La musica di questo compositore è meravigliosa.",
        "Abitano in una piccola casa di campagna.",
        "Penso che tu abbia completamente ragione.",
        "Il medico gli ha consigliato di riposare.",
        "Si sente il rumore delle onde dalla finestra.",
        "Quell'uomo vende verdura fresca al mercato.",
        "Purtroppo il negozio è chiuso la domenica.",
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
        "Minha irmã trabalha em um hospital perto do rio.",
        "As crianças brincam no jardim enquanto os pais conversam.",
        "Esta montanha é a mais alta da região.",
        "É preciso comprar pão, queijo e maçãs.",
        "Meu avô contava histórias incríveis.",
        "O governo anunciou uma nova reforma.",
        "Nós vimos um filme interessante no cinema.",
        "Como vai estar o tempo amanhã no norte do país?",
        "Ela procura um apartamento com dois quartos.",
        "Os estudantes preparam as provas na biblioteca.",
        "Gostaria de reservar uma mesa para quatro pessoas.",
        "O cão dorme tranquilamente em frente à lareira.",
        "Por que vocês chegaram tão tarde ontem à noite?",
        "A música deste compositor é maravilhosa.",
        "Eles moram em uma casa pequena no campo.",
        "Acho que você tem toda a razão.",
        "O médico aconselhou que ele descansasse.",
        "Ouve-se o barulho das ondas pela janela.",
        "Aquele homem vende legumes frescos no mercado.",
        "Infelizmente, a loja fecha aos domingos.",
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
        "Ma sœur travaille dans un hôpital près de la rivière.",
        "Les enfants jouent dans le jardin pendant que leurs parents discutent.",
        "Cette montagne est la plus haute de la région.",
        "Il faut acheter du pain, du fromage et des pommes.",
        "Mon grand-père racontait des histoires incroyables.",
        "Le gouvernement a annoncé une nouvelle réforme.",
        "Nous avons vu un film passionnant au cinéma.",
        "Quel temps fera-t-il demain dans le nord du pays ?",
        "Elle cherche un appartement avec deux chambres.",
        "Les étudiants préparent leurs examens à la bibliothèque.",
        "J'aimerais réserver une table pour quatre personnes.",
        "Le chien dort tranquillement devant la cheminée.",
        "Pourquoi êtes-vous arrivés si tard hier soir ?",
        "La musique de ce compositeur est magnifique.",
        "Ils habitent dans une petite maison à la campagne.",
        "Je pense que vous avez tout à fait raison.",
        "Le médecin lui a conseillé de se reposer.",
        "On entend le bruit des vagues depuis la fenêtre.",
        "Cet homme vend des légumes frais au marché.",
        "Malheureusement, le magasin est fermé le dimanche.",
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
        "मेरा भाई हर सुबह दौड़ने जाता है।",
        "आपका नाम क्या है और आप कहाँ से हैं?",
        "इस किताब में बहुत सुंदर चित्र हैं।",
        "दुकानदार ने सब्ज़ियों का भाव बढ़ा दिया।",
        "वह पिछले साल मुंबई में काम करता था।",
        "हमें पानी बचाना चाहिए।",
        "मेरी बहन डॉक्टर बनना चाहती है।",
        "बारिश के कारण सड़क पर बहुत भीड़ थी।",
        "कृपया दरवाज़ा बंद कर दीजिए।",
        "सरकार ने नई योजना की घोषणा की।",
        "मैंने कल एक अच्छी फिल्म देखी।",
        "गाँव के लोग मेहनत से खेती करते हैं।",
        "राम और श्याम बचपन के मित्र हैं।",
        "यह रास्ता सीधे बाज़ार तक जाता है।",
        "तुम्हारी आवाज़ बहुत मीठी है।",
        "प्रधानमंत्री ने संसद में भाषण दिया।",
        "उसका घर नदी के किनारे पर है।",
        "छात्र परीक्षा की तैयारी कर रहे हैं।",
        "इस समस्या का समाधान क्या हो सकता है?",
        "धन्यवाद, फिर मिलेंगे।",
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
#: Shows Whisper which script is meant.
PROMPTS = {"zh": "以下是普通话的句子。"}
#: Asked for Hindi, Whisper (base) now writes Devanagari with many mistakes, now Urdu, now English. As Urdu, which is
#: the same language in other letters, it writes what it hears.
HEARD_AS = {"hi": "ur"}
#: As anyascii writes them: what Urdu's letters or Hindi's do not tell apart, and h, v and y, which are vowels in one.
SAME_CONSONANTS = (
    ("sh", "s"), ("ch", "C"), ("c", "C"), ("kh", "k"), ("gh", "g"), ("q", "k"), ("x", "k"), ("ph", "p"), ("f", "p"),
    ("z", "j"), ("w", ""), ("v", ""), ("h", ""), ("y", ""),
)  # fmt: skip


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
        segments, _ = ear.transcribe(  # type: ignore[attr-defined]
            str(path), language=HEARD_AS.get(language, language), beam_size=5, initial_prompt=PROMPTS.get(language)
        )
        return "".join(segment.text for segment in segments)


def _consonants(text: str) -> list[str]:
    """The consonants of Hindi in either of its alphabets, those that one of them does not tell apart taken as one."""
    from anyascii import anyascii

    text = unicodedata.normalize("NFC", text)
    text = re.sub("[डढ]\u093c", "र", text)  # as anyascii has Urdu's letter
    text = re.sub("ं(?=[क-ह])", "न", text)  # else a nasal vowel, like the next three
    latin = anyascii(re.sub("[ँंں]", "", text)).lower()
    for written, one in SAME_CONSONANTS:
        latin = latin.replace(written, one)
    return list(re.sub(r"(.)\1+", r"\1", re.sub("[^b-df-gj-np-tzC]", "", latin)))


def _units(text: str, language: str) -> list[str]:
    """Words; what sounds the same where the ear cannot tell how it is written."""
    if language == "hi":
        return _consonants(text)
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
