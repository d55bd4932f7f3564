"""Where the speech comes from: a text, a brief or a recording; who speaks which sentence, and how."""
