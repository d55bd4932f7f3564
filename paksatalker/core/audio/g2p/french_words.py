"""French words that no rule of spelling tells, those that link to a following vowel, and those that bear no stress."""

from __future__ import annotations

import re

_TABLE = """
femme fam|femmes fam|monsieur məsjø|messieurs mɛsjø|est ɛ|et e|les le|des de|ses se|ces se|mes me|tes te|le lə|de də
je ʒə|me mə|te tə|se sə|ce sə|ne nə|que kə|fils fis|ville vil|villes vil|mille mil|tranquille tʁɑ̃kil|oignon ɔɲɔ̃
second səɡɔ̃|seconde səɡɔ̃d|secondes səɡɔ̃d|août ut|temps tɑ̃|corps kɔʁ|hier jɛʁ|fier fjɛʁ|mer mɛʁ|hiver ivɛʁ|cher ʃɛʁ
amer amɛʁ|fer fɛʁ|enfer ɑ̃fɛʁ|six sis|dix dis|huit ɥit|sept sɛt|cinq sɛ̃k|neuf nœf|vingt vɛ̃|cent sɑ̃|cents sɑ̃
deux dø|trois tʁwa|quatre katʁ|onze ɔ̃z|douze duz|treize tʁɛz|quatorze katɔʁz|quinze kɛ̃z|seize sɛz|trente tʁɑ̃t
quarante kaʁɑ̃t|soixante swasɑ̃t|un œ̃|une yn|où u|ou u|oui wi|eu y|eus y|eut y|pas pa|plus ply|tous tus|tout tu
sens sɑ̃s|os ɔs|ours uʁs|mars maʁs|bus bys|virus viʁys|autobus otobys|fusil fyzi|outil uti|gentil ʒɑ̃ti|sourcil suʁsi
nombril nɔ̃bʁi|avril avʁil|fil fil|il il|ils il|elle ɛl|elles ɛl|chef ʃɛf|clef kle|nerf nɛʁ|œuf œf|œufs ø|bœuf bœf
bœufs bø|sœur sœʁ|cœur kœʁ|chœur kœʁ|nœud nø|vœu vø|vœux vø|œil œj|yeux jø|examen ɛɡzamɛ̃|album albɔm|parfum paʁfœ̃
automne otɔn|damner dane|condamner kɔ̃dane|sculpture skyltyʁ|compter kɔ̃te|compte kɔ̃t|comptes kɔ̃t|baptême batɛm
psychologie psikɔlɔʒi|technique tɛknik|orchestre ɔʁkɛstʁ|écho eko|archéologie aʁkeɔlɔʒi|quand kɑ̃|dont dɔ̃|donc dɔ̃k
avec avɛk|parc paʁk|sac sak|lac lak|choc ʃɔk|blanc blɑ̃|franc fʁɑ̃|banc bɑ̃|tabac taba|estomac ɛstɔma|porc pɔʁ
long lɔ̃|sang sɑ̃|rang ʁɑ̃|bourg buʁ|net nɛt|brut bʁyt|est-ce ɛs|chut ʃyt|ouest wɛst|sud syd|nord nɔʁ|direct diʁɛkt
correct kɔʁɛkt|exact ɛɡzakt|contact kɔ̃takt|impact ɛ̃pakt|respect ʁɛspɛ|aspect aspɛ|concept kɔ̃sɛpt|script skʁipt
week wik|end ɛnd|club klœb|film film|football futbol|parking paʁkiŋ|internet ɛ̃tɛʁnɛt|email imɛl|web wɛb
podcast pɔdkast|blog blɔɡ|weekend wikɛnd|restaurant ʁɛstɔʁɑ̃|maintenant mɛ̃tnɑ̃|aujourd'hui oʒuʁdɥi
aujourd’hui oʒuʁdɥi|quelqu'un kɛlkœ̃|parce paʁs|puis pɥi|lui lɥi|nuit nɥi|bruit bʁɥi|fruits fʁɥi|nuits nɥi
bientôt bjɛ̃toː|cul ky|renault ʁəno|montréal mɔ̃ʁeal|montpellier mɔ̃pelje|bonus bonys
lesquels lekɛl|lesquelles lekɛl|fruit fʁɥi|pluie plɥi|suis sɥi
huile ɥil|pays pei|paysage peizaʒ|abbaye abei|faisait fəzɛ|faisons fəzɔ̃|faisais fəzɛ|peut pø|peux pø|veut vø|veux vø
peu pø|mieux mjø|vieux vjø|lieu ljø|dieu djø|bleu blø|feu fø|jeu ʒø|jeune ʒœn|jeunes ʒœn|seul sœl|seule sœl|heure œʁ
heures œʁ|leur lœʁ|leurs lœʁ|peur pœʁ|fleur flœʁ|beurre bœʁ|gens ʒɑ̃|dans dɑ̃|sans sɑ̃|en ɑ̃|on ɔ̃|ennui ɑ̃nɥi
bien bjɛ̃|rien ʁjɛ̃|chien ʃjɛ̃|combien kɔ̃bjɛ̃|viens vjɛ̃|vient vjɛ̃|tient tjɛ̃|tiens tjɛ̃|reviens ʁəvjɛ̃
revient ʁəvjɛ̃|devient dəvjɛ̃|patient pasjɑ̃|science sjɑ̃s|sciences sjɑ̃s|expérience ɛkspeʁjɑ̃s|client kliɑ̃
clients kliɑ̃|orient ɔʁjɑ̃|patience pasjɑ̃s|ai e|as a|a a|à a|ont ɔ̃|sont sɔ̃|vont vɔ̃|font fɔ̃|es ɛ|êtes ɛt|soit swa
sois swa|fais fɛ|fait fɛ|dit di|dis di|mot mo|haut o|hauts o|trop tʁo|beaucoup boku|coup ku|loup lu|champ ʃɑ̃|drap dʁa
grand ɡʁɑ̃|petit pəti|petite pətit|petits pəti|petites pətit|pied pje|bonheur bɔnœʁ|bonjour bɔ̃ʒuʁ|merci mɛʁsi
homme ɔm|hommes ɔm|bonne bɔn|bon bɔ̃|comme kɔm|pomme pɔm|donner dɔne|notre nɔtʁ|votre vɔtʁ|gare ɡaʁ|poêle pwal
moelle mwal|zoo zo|alcool alkɔl|toast tost|poème pɔɛm|noël nɔɛl|maïs mais|naïf naif|naïve naiv|aiguille eɡɥij
linguistique lɛ̃ɡɥistik|équateur ekwatœʁ|aquarium akwaʁjɔm|quoi kwa|pourquoi puʁkwa|longtemps lɔ̃tɑ̃|printemps pʁɛ̃tɑ̃
toujours tuʁ|jamais ʒamɛ|mais mɛ|français fʁɑ̃sɛ|anglais ɑ̃ɡlɛ|près pʁɛ|après apʁɛ|très tʁɛ|dès dɛ|exemple ɛɡzɑ̃pl
deuxième døzjɛm|sixième sizjɛm|dixième dizjɛm|solennel sɔlanɛl|prudemment pʁydamɑ̃|évidemment evidamɑ̃
récemment ʁesamɑ̃|fréquemment fʁekamɑ̃|moment mɔmɑ̃|vraiment vʁɛmɑ̃|comment kɔmɑ̃|souvent suvɑ̃|vent vɑ̃|dent dɑ̃
dents dɑ̃|argent aʁʒɑ̃|enfant ɑ̃fɑ̃|enfants ɑ̃fɑ̃|parent paʁɑ̃|parents paʁɑ̃|président pʁezidɑ̃|content kɔ̃tɑ̃
contents kɔ̃tɑ̃|accident aksidɑ̃|différent difeʁɑ̃|différents difeʁɑ̃|lent lɑ̃|talent talɑ̃|urgent yʁʒɑ̃|agent aʒɑ̃
évident evidɑ̃|récent ʁesɑ̃|absent apsɑ̃|présent pʁezɑ̃|couvent kuvɑ̃|excellent ɛksɛlɑ̃|partions paʁtjɔ̃|étions etjɔ̃
avions avjɔ̃|question kɛstjɔ̃|questions kɛstjɔ̃|gestion ʒɛstjɔ̃|suggestion syɡʒɛstjɔ̃|bas ba|gaz ɡaz|chez ʃe|nez ne
riz ʁi|assez ase|sien sjɛ̃|mien mjɛ̃|tien tjɛ̃|héros eʁo|christ kʁist|paris paʁi|marseille maʁsɛj|bruxelles bʁysɛl
reims ʁɛ̃s|israël isʁaɛl|europe øʁɔp|euro øʁo|euros øʁo|monde mɔ̃d|chose ʃoz|choses ʃoz|autre otʁ|autres otʁ|jus ʒy
abus aby|refus ʁəfy|dessus dəsy|dessous dəsu|dehors dəɔʁ|ressembler ʁəsɑ̃ble|ressource ʁəsuʁs|secret səkʁɛ|cela səla
ceci səsi|celui səlɥi|celle sɛl|ceux sø|demain dəmɛ̃|depuis dəpɥi|devant dəvɑ̃|venir vəniʁ|tenir təniʁ
regarder ʁəɡaʁde|revoir ʁəvwaʁ|demander dəmɑ̃de|premier pʁəmje|première pʁəmjɛʁ|dernier dɛʁnje|semaine səmɛn
cheval ʃəval|chemin ʃəmɛ̃|cheveux ʃəvø|acheter aʃte|appeler aple|samedi samdi|médecin medsɛ̃|emmener ɑ̃mne
quelque kɛlkə|quelques kɛlkə|presque pʁɛskə|lorsque lɔʁskə|puisque pyiskə|cet sɛt|but byt|buts byt|jean ʒɑ̃|jeans dʒin
ennemi ɛnmi|ennemis ɛnmi|ennemie ɛnmi|bancs bɑ̃|blancs blɑ̃|francs fʁɑ̃|porcs pɔʁ|super sypɛʁ|cancer kɑ̃sɛʁ|hyper ipɛʁ
laser lazɛʁ|poker pokɛʁ|poster pɔstɛʁ|leader lidœʁ|cuiller kyijɛʁ|hamster amstɛʁ|alger alʒe|hivers ivɛʁ|mers mɛʁ
vers vɛʁ|ver vɛʁ|fers fɛʁ|chers ʃɛʁ|fiers fjɛʁ|stop stɔp|top tɔp|pop pɔp|hop ɔp|ok oke|comte kɔ̃t|comté kɔ̃te
lille lil|gilles ʒil|tranquillement tʁɑ̃kilmɑ̃|strasbourg stʁazbuʁ|alsace alzas|madrid madʁid|david david
huitième yitjɛm|hélas elas
atlas atlas|lys lis|maths mat|club klœb|match matʃ|gaz ɡaz|quiz kwiz|déficit defisit|transit tʁɑ̃zit
granit ɡʁanit|mazout mazut|août ut|scout skut|brut bʁyt|chut ʃyt|zut zyt|dot dɔt|cap kap|clip klip|rap ʁap
slip slip|handicap ɑ̃dikap|ticket tikɛ
tennis tenis|oasis oazis|iris iʁis|pénis penis|jadis ʒadis|mœurs mœʁs|ananas anana|tabou tabu|laurent loʁɑ̃
vincent vɛ̃sɑ̃
florent floʁɑ̃|second səɡɔ̃|seconde səɡɔ̃d|monsieur məsjø|messieurs mesjø|gens ʒɑ̃|plus ply|tous tus|notre notʁ
votre votʁ
"""
#: Pronunciations by spelling.
WORDS: dict[str, str] = {}
for _entry in _TABLE.replace("\n", "|").split("|"):
    if _entry.strip():
        _word, _, _said = _entry.strip().partition(" ")
        WORDS[_word] = _said
WORDS["toujours"] = "tuʒuʁ"
#: Words whose silent consonant is said before a vowel.
LIAISON = frozenset(
    "les des ses ces mes tes nos vos leurs nous vous ils elles on en un mon ton son aux deux trois six dix est "
    "sont ont très plus moins dans sans sous chez quand tout petit grand gros bon prochain certains plusieurs "
    "quelques autres quels quelles mes c'est était étaient avez avons êtes sommes pas bien rien trop beaucoup "
    "premiers derniers nombreux vingt ancien plein certain".split()
) - frozenset("pas trop beaucoup rien bien moins sous était étaient avons sommes avez".split())
#: Words without stress of their own.
UNSTRESSED = frozenset(
    "le la les un une des du de au aux à en et ou ne je tu il elle on nous vous ils me te se ce ces cet cette mon "
    "ton son ma ta sa mes tes ses nos vos leur leurs que qui si par pour sur dans est sont ai as a l'on lui y "
    "dont mais car sous chez notre votre".split()
)
#: Verbs in -ent that look like nouns.
VERBS_ENT = frozenset(
    "jouent parlent mangent aiment donnent trouvent passent restent pensent arrivent demandent regardent montrent "
    "portent tombent entrent laissent commencent semblent rentrent écoutent chantent travaillent habitent "
    "marchent peuvent veulent doivent savent disent font viennent tiennent prennent mettent vivent suivent "
    "partent sortent dorment sentent servent voient croient boivent reçoivent lisent écrivent rient courent "
    "meurent ouvrent offrent apprennent comprennent attendent entendent répondent perdent vendent rendent "
    "descendent étudient appellent jettent achètent lèvent espèrent préfèrent finissent choisissent grandissent "
    "réussissent étaient avaient sont faisaient allaient changent voyagent utilisent existent coûtent permettent "
    "deviennent reviennent racontent cherchent gagnent tournent touchent volent ferment".split()
)
#: Nouns and adjectives in -ent, whose ending is said.
NOUNS_ENT = re.compile(
    r"(?:accent|accident|adolescent|agent|ardent|argent|client|compétent|concurrent|conséquent|content|continent|contingent|"
    r"décent|différent|diligent|divergent|équivalent|éloquent|éminent|évident|excédent|excellent|expédient|fréquent|gradient|"
    r"imminent|impatient|impudent|incident|indifférent|indulgent|influent|ingrédient|innocent|insolent|intelligent|latent|négligent|"
    r"occident|opulent|orient|parent|patient|pénitent|permanent|pertinent|président|précédent|présent|prudent|quotient|récent|"
    r"récipient|régent|résident|serpent|souvent|succulent|talent|torrent|transparent|trident|turbulent|urgent|violent|couvent|absent|"
    r"adjacent|affluent|apparent|cohérent|convalescent|émergent|fervent|fluorescent|immanent|conscient|inhérent|prévalent|proéminent|"
    r"référent|réticent|subséquent|détergent|efficient|déficient|omniscient|laurent|vincent|florent|abstinent|strident|"
    r"convergent|dissident|antécédent|confident|incandescent|[tv]ient|avent|auvent|paravent|onguent|indécent)$"
)
#: Verbs in -ment, whose ending is silent.
VERBS_MENT = re.compile(
    r"^(?:re|ré|dé|dés|en|con|per|ac|a|al|pro|ex|es|ré|sur)?(?:^aim|form|dorm|somm|nomm|assum|estim|exprim|affirm|^ferm|enferm|résum|réclam|proclam|déclam|acclam|fum|allum|parfum|"
    r"anim|supprim|imprim|confirm|programm|calm|charm|arm|désarm|clam|embaum|entam|ram|sem|sèm|gomm|rythm|sublim|"
    r"consum|présum|accoutum|transform|inform|plum|lim|prim|brim|comprim|déprim|cram|film|blâm|pâm)ent$"
)
