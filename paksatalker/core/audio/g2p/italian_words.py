"""Italian: where the stress lies that nobody writes, which e and o are open, which z is voiced."""

from __future__ import annotations

import re

UNSTRESSED = frozenset(
    "a ad ai al alla alle allo agli che chi ci col con da dai dal dalla dalle dagli de dei del della delle dello "
    "degli di e ed gli i il in la le lo li mi ma ne nei nel nella nelle negli nello o per se si su sui sul sulla "
    "sulle sugli ti tra fra un una uno vi l d un c n s t m v dell nell sull all dall quell ha ho hai ho non più".split()
)
#: Words whose stress is a weak one.
WEAK = frozenset("come sono nostra nostro quando della questo questa suo sua uno una".split())

#: Words with the stress on the last syllable but two, without their last vowel.
_EARLY_STEMS = frozenset(
    "abil abit accumul acid adriatic aere afric agil agit alacr alber album algebr ambit americ analis angel angelic "
    "angol anim anonim antartic antartid anticip antipatic apostol applic aquil arab arbitr are arid artefic artic "
    "articol artific asin asparag astronom atlantic atom attim augur autobus autonom avid baltic bambol barbar basket "
    "belgic benefic bergam bonus brindis budget cagliar calcol camer campus candid capitol caratter carcer cardin "
    "caric catalog cattedr cavol celebr cellul cener centimetr cesar chilometr cinem circol coagul codic colpevol "
    "combin comic comod compit complic computer comunic consider consol contemporane corpor credit crescit crimin "
    "criptic critic cronac cubic cubit cupol david debit debol decupl dedic deliber desider diagnos dialog dialogh "
    "diametr diavol dibattit difficil dimentic dinamic discepol disponibil docil dodic dollar domenic domestic domin "
    "dominic dubit ebraic edicol edific elastic elen elettric elimin empol epic epoc equivoc eredit esager esamin "
    "esercit esim esit esplicit estrane etnic evit fabbric fabul facil farmac fascin fegat femmin fenomen festival "
    "figurat filosof fisic flebil formul forum fosfor fragil fragol fulmin funebr futil gastronom gener genes genesi "
    "genov giacom ginnastic giovan giudic giustific gomit gradevol grafic grandin gratuit identic identific idol "
    "idone ignobil illecit illumin imit immagin immobil implicit impossibil incognit incredibil incredul incub "
    "indagin indic indigen indol indomit inedit infim insolit internet interrog intim inutil investig invisibil "
    "ipocrit ipotes isol istantane italic labil lacrim lampad lapid leader lecit legittim lessic letter liber limit "
    "limpid line liquid liric litig logic lucciol lucid macchin macer macin magic mammifer manager mandorl manipol "
    "mantov margin martir mascher massim master matematic medic medit mediterrane merit metod millimetr mimic minim "
    "miracol mistic mitig mobil moden modific modul molecol moltiplic momentane monac monosillab multipl muscol music "
    "napol nascit naufrag nause nautic navig naviga necessit nobil nomin notevol nucle numer nuvol obblig occup offic "
    "omonim oper oracol orbit ordin orfan organ origin orribil ospit ostacol otrant ottim pacific padov pagin pallid "
    "palpebr palpit panic papaver parroc partner pecor penisol pentol perdit pericol perimetr period pesar pettin "
    "piccol pillol plastic plurim politic polver pontefic popol portic possibil pover pratic pratich premier preoccup "
    "prestit princip probabil profug prosper prossim pseudonim pubblic pulpit pungol quadrupl qualific quindic radic "
    "rapid recit record recuper reddit referendum regol replic requisit responsabil ridicol rigid rimin rimprover "
    "romantic rotol sabat sacrific sanscrit scandal scapol scatol scioper sciopero scusam secol sedic seguit semin "
    "semplic sensibil server signific simbol simil simpatic simul simultane sindac sindrom singol sinonim sintes "
    "sintom sistol sofistic solid solit sollecit sotterrane spasim spettacol spigol spirit splendid spontane squallid "
    "stabil standard stefan stimol stipul stomac storic strepit stupid subit succub suddit sudic super tacit tamig "
    "tarant tarantol tartar tavol tecnic tegol telecamer telefon temporane tenebr termic termin termometr terribil "
    "tesser tiepid timid timpan tipic titol tivol toller tombol traffic tragic tramit trapan trappol tredic tripl "
    "tropic twitter udin ufic ultim umid umil unanim undic unic uomin util valid vandal veicol vendit vener verific "
    "vertic vescov vesper vide videocamer vigil vincol viper virgol virus visibil visit vittim vivid vocabol vomit "
    "vortic zingar zoccol zuccher".split()
)
#: Verbs of the first conjugation that say their third person plural with the stress on the stem.
_VERBS = re.compile(
    r"(?:divent|risult|merit|occup|vad|resist|inizi|abbi|facci|vogli|poss|vad|si|sti|di|sappi|vengh|dic|tengh|parl|pens|lavor|guard|gioc|mangi|ascolt|trov|port|arriv|"
    r"entr|torn|rest|pass|sembr|mostr|chiam|cerc|prov|aspett|ricord|dimentic|spieg|raccont|cant|ball|cammin|cambi|aiut|am|us|pag|"
    r"compr|studi|insegn|impar|lasci|mand|incontr|diment|salv|vol|gir|conside?r|desid?er|cont|mett|prend|"
    r"part|sent|serv|dorm|apr|copr|offr|soffr|segu|vest|fin|cap|cred|ved|chied|rispond|scriv|legg|viv|muov|perd|vend|corr|"
    r"riguard|utilizz|realizz|rappresent|riesc|esc|present|funzion|continu|cominci|bast|import|mancan?|manc|tocc|cost|"
    r"abit|dimostr|indic|visit|necessit|"
    r"permett|dov|debb|dev|produc|conduc|conosc|crescan?|cresc|nasc|piacci|tacci|spengh|valg|salg|rimang|pong|tolg|colg|scelg)ano$"
)
#: Infinitives in -ere that are stressed there, and what only looks like them.
_LATE_ERE = re.compile(
    r"(?:^av|^riav|^dov|pot|vol|sap|ved|cad|ten|val|par|iac|tac|man|tem|god|sed|suad|dol|sol|[^l]i|inter|sinc|sev|sf|gal|chim|primav|"
    r"^c|^v|mist|^p|^s)ere$"
)
_EARLY = re.compile(
    r"(?:[aeiou](?:bil)[ei]|issim[oaie]|olog[oaie]|olog(?:hi|he)|ograf[oaie]|ofil[oaie]|esim[oaie]|"
    r"[rtdnmlcpbsfv]ul[oaie]|(?:t|d)udin[ei]|[aiu]gin[ei]|[ai]cil[ei]|[aeiou]gen[oaie]|"
    r"evol[ei]|[aei]ndol[oaie]|fon[oaie]|[oi]metr[oaie]|crat[ie]co|[aei]v[ao]no|[aei]rono|ebbero|[aeio]ssero|[aei]ss?imo|"
    r"assimo|essimo|issimo|ssero|sero|izzano|[^r]icano|ificano|"
    r"ognano|ulano|inano|erano|olano|endomi|endol[oaie]|andol[oaie]|endosi|andosi|endoci|andoci|endogli|andogli)$"
)
_LATE_ULO = re.compile(r"(?:asciul|fanciul|padul|farful|pul)[oaie]$")
_CLITIC = re.compile(r"^(.{2,}er)(?:si|ti|mi|ci|vi|lo|la|li|le|gli)$")
#: Nouns and adjectives in -ersi, -erti and the like, which are no infinitives.
_NO_INFINITIVE = re.compile(r"(?:v|f|p|^)er(?:si|ti|li|le)$|(?:sp|ap|cop|off|sof|cert|conc|cert|scop|les)erti$")
#: Words in -ia and -ie with the stress on the i.
_IA = re.compile(
    r"(?:(?:log|graf|nom|mac|cortes|allegr|energ|fantas|compagn|malatt|democraz|burocraz|aristocraz|agenz|filosof|"
    r"simpat|antipat|empat|terap|utop|bug|mag|foll|anomal|garanz|puliz|poliz|gelos|ipocris|poes|turch|gerarch|oligarch|anarch|"
    r"monarch|strateg|allerg|nostalg|reg|lombard|normand|melod|parod|armon|agon|sinfon|iron|dinast|amnist|econom|anatom|"
    r"autonom|astronom|gastronom|teor|categor|eufor|librer|panetter|pizzer|gelater|galler|batter|maceller|segreter|trattor|oster|"
    r"lotter|tuttav|ferrov|perifer|eres|apat|carest|signor|liturg|chirurg|cartoler|bigiotter|raffiner)i[ae]|"
    r"(?:addi|obli|pendi|mormori|fruscii|brusi)o|"
    r"^(?:mi|zi|di|pi|ri|vi|tri|bri|tu|su|du|li|spi|sci|mari|luci|sofi|si|avi|ossi|pazzi|gulli|poesi|esti|sti)[aeo]n?o?)$"
)
_CLOSED_E = re.compile(
    r"(?:quest[oaie]|ver[oaie]|davvero|ovvero|ner[oaie]|ser[ae]|egli|paes[ei]|siamo|venn[eo]|sceg?l[goti]\w*|frett[ae]|ricett[ae]|monet[ae]|caten[ae]|sen[oi]|vetr[oi]|ret[ei]|paret[ei]|vel[oae]|pesc[ei]|quel|quegli|e(?:ment[eoi]|zz[ae]|gn[oaie]|sc[ao]|schi|nn[ae])|ment[eoi]|[^gprd]ett[oaie]|ezz[ae]|[^i]et[eo]|"
    r"ev[aoi](?:no|mo|te)?|quest[oaie]|quell[aoie]|quel|capell[oi]|stell[ae]|dell[aeo]|nell[aeo]|"
    r"(?:[^aeiou]|r|l|n)es[eoia]|^pres[oaie]|spes[ae]|mes[ei]|stess[oaie]|spess[oaie]|mess[oaie]|promess[aeo]|permess[oi]|"
    r"[ei]ssimo|^(?:av|dov|pot|fac|dic|vol)esse|meno|men[ao]|pen[ae]|cen[ae]|ven[ae]|seren[oaie]|terren[oi]|"
    r"[aeiou]?remo|emmo|seme|temo|ved[eoi]|cred[eoi]|chied[eoi]|sed[uo]|fed[ei]|neve|deve|beve|riceve|ver[oaie]|davvero|ser[ae]|ner[oaie]|"
    r"^per[ae]|inter[oaie]|aver[e]|[vtdnlp]ere|entr[oaie]|mentre|ferm[oaie]|conferm[aoi]|scherm[oi]|spieg[aoh]i?|leg[ao]|invece|fece|"
    r"orecchi[oae]?|parecchi[oae]?|sembr[aoi](?:no)?|cerc[aoh]i?|ricerc[aoh]e?|cerchi[o]?|penn[ae]|scherz[oi]|vel[oai]|"
    r"pel[oi]|fedel[ei]|pesce|pesci|verd[ei]|vergin[ei]|^tre|^re|sete|rete|fredd[oaie]|detto|dett[aie]|strett[oaie]|"
    r"legno|tenn[ei]|esso|medesim[oa]|vendett[ae]|elc[ei]|felc[ei]|selv[ae]|"
    r"tett[oi]|fett[ae]|mett[eoi]|metter[ei]|perch|trent[a]|vent[i])$"
)
_OPEN_E = re.compile(
    r"(?:rispett[oi]|adesso|presso|processo|successo|sesso|accesso|ingresso|progresso|congresso|espresso|complesso|possesso|concesso|eccesso|riflesso|centr[oi]|modell[oi]|anell[oi]|rivela|semplic[ei]|sempre|lettere|leggere|difett[oi]|affett[oi]|protett[oaie]|gazzetta|estrem[oaie]|suprem[oaie]|lett[oi]|proge?tt[oi]|progett[oi]|effett[oi]|aspett[oaie]|pett[oi]|oggett[oi]|soggett[oi]|perfett[oaie]|"
    r"corrett[oaie]|concett[oi]|dirett[oaie]|chies[ae]|tes[ei]|mezz[oaie]|prezz[oi]|pezz[oi]|disprezz[oi]|pietr[ae]|completo|completa|"
    r"decreto|atleta|pianeta|poeta|profeta|dieta|prest[oaie]|cent[oi]|vent[oi]|argento|talento|"
    r"contento|contenta|contenti|lento|lenta|lenti|attent[oaie]|spavent[oi]|evento|eventi|"
    r"zero|ministero|ministeri|mistero|misteri|severo|sincer[oaie]|impero|imperi|era|ero|eri|criteri[o]?|"
    r"essere|prendere|genere|spegner[e]|perdere|mer[oaie])$"
)
_CLOSED_O = re.compile(
    r"(?:^sono|^son|o(?:n[ei]|nt[oaie]|ntr[oaie]|rs[oaie]|nd[oaie]|rn[oaie]|gn[oaie]|mm[ao]|rr[ea]re|s[oaie])|"
    r"zion[ei]|or[ei]|os[oaie]|amor|signor|color|miglior|maggior|peggior|professor|canzon[ei]|enorm[ei]|ombr[ae]|bomb[ae]|tomb[ae]|spos[ao]|funzion[aio](?:no)?|dolc[ei]|coloro|allora|ancora|ora|ore|signor[aei]|ogni|person[ae]|dona|dono|corona|molt[oaie]|volt[oi]|"
    r"ascolt[oai]|colt[oaie]|cort[oaie]|corte|sol[oaie]|vol[oai]|gol[ae]|sott[oi]?|prodott[oaie]|rott[oaie]|condott[oaie]|ridott[oaie]|dove|"
    r"altrove|giovan[eio]|vot[oi]|nipot[ei]|forse|ross[oaie]|foss[eio]|fossero|nom[ei]|com[e]|cognom[ei]|roma|siccome|"
    r"mostr[oaie]|form[aeo]|riform[ae]|conform[ei]|voc[ei]|croc[ei]|veloc[ei]|feroc[ei]|mogli[e]?|orgogli[o]?|colonn[ae]|"
    r"sonn[oi]|gonn[ae]|cod[ae]|conosc[oaei]|correre|corr[eo]|torre|torri|doppi[oae]?|coppi[ae]|bocca|bocche|tocc[aoh]i?|dop[o]|"
    r"sopra|post[oi]|agost[o]|rispost[ae]|nascost[oaie]|compost[oaie]|mosca|polver[ei]|"
    r"bronz[oi]|doccia|goccia|gomm[ae]|oltre|inoltre|colp[oaie]|polso|folt[oaie]|sord[oaie]|"
    r"boll[aoi]|poll[oi]|torn[oaie]|giorn[oi]|favore|minor[ei]|maggior[ei])$"
)
_OPEN_O = re.compile(
    r"(?:cos[ae]|qualcosa|ros[ae]|buon[oaie]|suon[oi]|tuon[oi]|uom[o]|zon[ae]|tron[oi]|cuor[ei]|fuor[ei]|toro|tesoro|oro|loro|"
    r"lavor[oaie]|adoro|adora|moro|coro|decoro|pomodoro|foro|alloro|decora|riposo|ripos[ai]|spos[oaie]|os[oa]|dos[ei]|cosi|"
    r"ros[ei]|pos[ae]|propost[ae]|grosso|grossa|grossi|grosse|raccolt[oaie]|viol[ae]|nuor[ae]|muor[ei]|suor[ae]|prov[aoi]|mort[oaie]|sort[ei]|fort[ei]|port[aoei]|torto|conforto|"
    r"not[oaie]|fot[oi]|mot[oi]|divot[oi]|morso|rimorso|donn[ae]|nonn[oaie])$"
)
#: z that is voiced.
VOICED_Z = re.compile(
    r"^(?:z(?!i[oaie]$|itt|ucc|amp|app|occ|opp|ecc))|(?<!^p)(?<!^st)izz|mezz|azzurr|azzard|pranz|romanz|zanz|orizzont|ozon|aziend|^gazz|"
    r"razz[oi]$|bizz|grezz|rozz|bronz|manz|donz|garz"
)


def is_early(word: str) -> bool:
    """Whether a word of three syllables or more, without accent, bears its stress on the last but two.

    Args:
        word: In small letters.
    """
    if clitic := _CLITIC.search(word):
        if not _NO_INFINITIVE.search(word):
            return is_early(clitic[1] + "e")
        return False
    if word.endswith("ere"):
        return not _LATE_ERE.search(word)
    if re.search(r"(?:der|enr|ner|am|rubr)ic[oa]$|^(?:putin|capito|seguito)$", word):
        return False
    stem = word[:-1] if word[-1] in "aeio" else word
    if stem in _EARLY_STEMS or (stem[-1:] == "h" and stem[:-1] in _EARLY_STEMS):
        return True
    if _VERBS.search(word):
        return True
    if re.search(r"[^aeiou]ic(?:[oai]|he)$", word):
        return not re.search(r"(?:am|nem|ant|fat|form|mend|pud|ort|caro|viv|d|ves|beat|pan)ic(?:[oai]|he)$", word)
    if word.endswith("ono"):
        return not re.search(r"(?:uono|^tono|^dono|trono|bbandono|sono|^nono|perdono|ntono|atrono|colono)$", word)
    return bool(_EARLY.search(word)) and not _LATE_ULO.search(word)


def is_hiatus(word: str) -> bool:
    """Whether the i or u before the last vowel is a syllable, with the stress."""
    return bool(_IA.search(word))


def is_open(word: str, letter: str, *, after_glide: bool) -> bool:
    """Whether the stressed e or o of a word is open, as dictionaries mostly have it.

    Args:
        word: In small letters.
        letter: ``e`` or ``o``.
        after_glide: It follows i or u as in *piede*, *uomo*.
    """
    opened, closed = (_OPEN_E, _CLOSED_E) if letter == "e" else (_OPEN_O, _CLOSED_O)
    if opened.search(word):
        return True
    if after_glide and not re.search(r"(?:ment[eoi]|zion[ei]|ion[ei]|ior[ei]|ios[oaie]|iesc[eo]|[cg]i\w+)$", word):
        return True
    return not closed.search(word)
