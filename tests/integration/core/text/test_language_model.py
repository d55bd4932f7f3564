import json
import subprocess
import sys

import pytest
from py3langid import langid

from paksatalker.core.text.language import LATIN_LANGUAGES

SENTENCES = (
    "Senkt Kosten und steigert Qualität", "Legal Notices Program Interactive", "Toujours plus vite, jamais plus cher",
    "Qualità superiore garantita sempre", "Produtos frescos todas as manhãs", "Precios bajos siempre", "", "42",
)  # fmt: skip
_GROWTH = """
import json, sys, psutil
from py3langid import langid
from paksatalker.core.text.language_model import LanguageModel
process = psutil.Process()
before = process.memory_info().rss
model = LanguageModel(("en", "es", "fr", "de", "pt", "it"))
said = [model.classify(text) for text in json.loads(sys.argv[1])]
print(json.dumps([process.memory_info().rss - before, said]))
"""


def test_it_says_what_the_library_says_with_a_tenth_of_the_memory() -> None:
    command = [sys.executable, "-c", _GROWTH, json.dumps(SENTENCES)]
    grown, said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert grown < 25e6  # the library: 79 MB
    library = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    library.set_languages(list(LATIN_LANGUAGES))
    expected = [library.classify(text) for text in SENTENCES]
    assert [language for language, _ in said] == [language for language, _ in expected]
    assert [p for _, p in said] == pytest.approx([p for _, p in expected])
