"""German."""

from __future__ import annotations

import re

from plugin_server.notes.languages.base import Language, asking, pattern, phrasing, whole, words

_SOFT = (
    r"(?: (?:ihnen|dir|euch|nun|jetzt|heute|gestern|soeben|eben|gerade|bereits|schon|inzwischen|mittlerweile|auch"
    r"|noch|einmal|nochmals|daher|deshalb"
    r"|also|für (?:sie|dich|euch)|bei ihnen|erfolgreich|umgehend|nochmal|das|es|sich|direkt|mir|uns|wie \w+"
    r"|manuell|vorsorglich|zunächst|soweit))*"
)
_NOT_ABOUT = r"(?!(?:es|das|dies|dieser|alles|sie|ich|wir|damit|hier|dort|wenn|falls|sobald|nachdem|da|weil|wie) )"

GERMAN = Language(
    code="de",
    common=words(
        "der die das den dem des ein eine einen einem einer und oder aber nicht ist sind war waren wird werden wurde"
        " wurden habe haben hat hatte ich sie wir ihr ihre ihren ihrem ihrer ihnen mit von zu zum zur im in am an"
        " auf für"
        " aus bei nach über unter vor als auch noch nur so wie wenn dass bitte können kann sollte es sich um durch"
        " bis"
        " damit nun jetzt mehr sehr hier dort diese dieser dieses mir uns du dir dein deine"
    ),
    works=words(
        "nachgefragt gefragt nach unterstützt begleitet informiert dokumentiert eskaliert koordiniert "
        "verifiziert übermittelt mitgeteilt repariert gemeldet vereinbart gegeben beraten "
        "erklärt erläutert behoben gelöst geprüft beantwortet angefragt angefordert gesendet geschickt versendet"
        " eingerichtet aktualisiert konfiguriert angepasst korrigiert getestet erstellt gelöscht installiert geändert"
        " zurückgesetzt neu gestartet freigeschaltet empfohlen besprochen geklärt analysiert vorbereitet hinterlegt"
        " erweitert ergänzt ursache gefunden fehler problem anfrage frage anleitung passwort reset zugang konto kunde"
        " rückfrage support analyse korrektur einrichtung prüfung anpassung klärung update hilfe beratung login"
        " server"
        " rechnung e-mail mail termin neustart behebung erklärung aktualisierung konfiguration beantwortung"
        " abgestimmt"
        " umgesetzt untersucht entsperrt wiederhergestellt aktiviert deaktiviert umgestellt bearbeitet"
    ),
    left_out=words(
        "ihr ihre ihren ihrem ihrer ihres dein deine deinen deinem deiner unser unsere unseren unserem unserer mein"
        " meine meinen bitte nun jetzt bereits inzwischen mittlerweile soeben gerade eben ihnen dir euch"
        " erfolgreich ein eine einen entsprechend nochmals einfach"
    ),
    spared=words("das den die auch wieder noch direkt dem der diesen diese dieses"),
    joints=words(
        "in im am an auf für mit von vom zu zum zur aus bei beim nach über unter vor und oder durch gegen ohne per"
        " via"
        " unter ab seit bis wegen als zwischen"
    ),
    adds=words("und oder"),
    breaks=pattern(
        r"[;:()…–—]| - |,|\b(?:sodass|damit|weil|da|wenn|falls|nachdem|bevor|aber|sondern|denn)\b"
        r"|\bund (?:ich|wir|sie|es|das|bitte|werde|werden|habe|haben|sollte|kann|können|prüfen|klicken|melden"
        r"|versuchen)\b|\bund [^,;]*?\b(?:ist|sind|wird|werden|kann|können|funktioniert|hat|haben)\b"
    ),
    greets=pattern(
        r"(?:hallo|hi|hey|moin|servus|grüß gott|grüezi|liebe[rs]?|sehr geehrte[rs]?|guten (?:tag|morgen|abend))\b"
        r"(?: (?:zusammen|team|alle|damen|herren|und|frau|herrn?|familie|(?:dr|prof)\b\.?|kundin|kunde"
        r"|(?-i:[A-ZÄÖÜ][\w'’.-]*))){0,6}"
    ),
    closes=whole(
        r"(?:(?:mit )?(?:freundliche[nm]?|besten?|liebe[nm]?|herzliche[nm]?|viele[n]?|schöne[n]?"
        r"|sonnige[n]?) (?:grü(?:ß|ss)(?:e|en)?|gruß|dank)"
        r"(?: aus(?: \w+){1,4})?|bg|mfg|lg|vg|grüße|gruß|vielen dank(?: und .*)?|danke"
        r"|hochachtungsvoll|schönen (?:tag|abend)"
        r"|bis (?:bald|dann)|ihr(?:e)? [\w-]*team)"
    ),
    says_nothing=pattern(
        r"\b(?:vielen|besten|herzlichen) dank\b|\bdanke\b|\bbedanken\b|\bzur verfügung\b|\b(?:weitere"
        r"|noch) fragen\b|\brückfragen\b|\bgerne? (?:wieder )?melden\b"
        r"|\bmelden (?:sie sich|wir uns|ich mich)\b|\bmelde(?:n)? (?:mich|uns)\b|\bentschuldig|\bbedauern\b"
        r"|\btut (?:mir|uns) leid\b|\bverständnis\b|\bgeduld\b"
        r"|\bich hoffe\b|\bwir hoffen\b|\bschöne[ns]? (?:tag|abend|woche|wochenende|feierabend)\b"
        r"|\bauf dem laufenden\b|\bfreue(?:n)? (?:mich|uns)\b"
        r"|\b(?:ihre|deine) (?:nachricht|anfrage|mail|e-mail)(?: haben wir| habe ich)? (?:erhalten|eingegangen"
        r"|ist)\b|\bhaben wir erhalten\b"
        r"|\bgeben sie (?:uns|mir) (?:gern|kurz)? ?bescheid\b|\bbescheid\b|\bunannehmlichkeiten\b|\bkein problem\b"
        r"|\bsehr gerne?\b[.!]?$|\bwie geht\b|\bhelfen (?:ihnen|dir)\b"
    ),
    states=words(
        "falsch ungültig gültig abgelaufen alt neu schwach stark sicher unsicher leer unbekannt bekannt "
        "temporär zu kurz lang groß identisch richtig nötig fällig gesperrt verloren"
    ),
    negations=words("nicht kein keine keinen keinem keiner nie niemals nichts ohne weder"),
    numbers=words("zwei drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig hundert tausend zweimal dreimal"),
    deeds=words(
        "gelöscht erstellt installiert freigeschaltet entsperrt gesperrt aktiviert deaktiviert abgelehnt "
        "storniert verweigert"
    ),
    determiners=words(
        "der die das den dem ein eine einen einem ihr ihre ihren ihrem dein deine deinen deinem unser unsere "
        "unseren dieser diese dieses diesen"
    ),
    asked="Nach {x} gefragt",
    unreal=pattern(
        r"(?:^|(?<=[ ,;]))(?:(?:wenn|falls|sobald|ob|sofern)\b[^,;.]*(?:[,;.]|$)|"
        r"(?:sie|du|ihr) (?:schrieben|schriebst|schreiben|schreibst|sagten|sagtest|meinten"
        r"|meintest|haben geschrieben|hast geschrieben)\b[^;.]*(?:[;.]|$))"
    ),
    fillers=pattern(
        r"^(?:leider|kurzes update:|gute nachricht\w*:) |^(?:wie (?:telefonisch |gestern "
        r"|heute )?(?:besprochen|vereinbart|angekündigt)),? "
    ),
    phrasings=(
        phrasing(
            5,
            r"(?:^|[,;:–—] |\b(?:und|denn|dass) )(?:(?:ich|wir) (?:habe|haben|hab)|(?<![^\s])hab(?= )"
            r"|(?P<s>(?:[^,;:]+? )?)(?:habe ich|haben wir))" + _SOFT + r" (?P<x>.+)",
            "{x}",
            1,
            final=True,
        ),
        phrasing(
            4.5,
            r"^(?:[-*•] )?(?P<s>"
            + _NOT_ABOUT
            + r"[^,;]+?) (?:wurden?|ist|sind|konnten?|bin|war(?:en)?)"
            + _SOFT
            + r"(?: wieder)? (?P<x>(?:[^,;]* )?\w+(?: (?:werden|worden))?)(?=[.,;!]|$| und )",
            "{s} {x}",
            1,
            final=True,
        ),
        phrasing(
            4.2,
            r"\b(?:anbei|im anhang|beigefügt|angehängt|in der anlage|als anhang) (?:finden|findest|erhalten"
            r"|erhältst|sende|schicke|senden|schicken|ist|sind)"
            r"(?: (?:sie|du|ich|wir|ihnen|dir|nun|auch))* (?P<x>.+)",
            "{x} gesendet",
            1,
        ),
        phrasing(
            4.1,
            r"\b(?:ich|wir) (?:sende|schicke|senden|schicken|übersende|übersenden) (?:ihnen |dir |euch |anbei "
            r"|hiermit |gern |gerne |noch )*(?P<x>.+)",
            "{x} gesendet",
            1,
        ),
        phrasing(4.1, r"\b(?:sende|schicke) ich (?:ihnen |dir |anbei |hiermit )*(?P<x>.+)", "{x} gesendet", 1),
        phrasing(4.1, r"^anbei (?P<x>(?:die|der|das|den|ein|eine|einen|ihr\w*|dein\w*) .+)", "{x} gesendet", 1),
        phrasing(
            3.4, r"\b(?:(?:kann|konnte) ich|(?:können|konnten) wir) (?P<x>[^,;]+? nicht \w+n)(?=[.,;!]|$)", "{x}", 2
        ),
        phrasing(4, r"(?:^|[,;:–—] )um (?P<x>[^,]+? (?:zu \w+n|\w+zu\w+n)),", "{x} erklärt", 2),
        phrasing(
            3.8,
            r"\b(?:können sie|kannst du|sie können|du kannst|lässt sich|lassen sich)"
            + _SOFT
            + r"(?: (?:ganz|einfach|selbst|jederzeit|auch|dann))* (?P<x>[^,;?]+?n)(?=[.,;!]|$| und )",
            "{x} erklärt",
            2,
        ),
        phrasing(
            3.6,
            r"\b(?:ich|wir) (?P<v>prüfe|kläre|untersuche|analysiere|teste|bearbeite|aktualisiere|beobachte)n?"
            + _SOFT
            + r"(?: derzeit| aktuell)? (?P<x>.+)",
            "{x} {v}n",
            1,
        ),
        asking(
            3.5,
            r"\b(?:könn(?:t)?en sie|könntest du|kannst du|würden sie|würdest du) (?:uns |mir |bitte |kurz |noch "
            r"|einmal |auch )*(?P<x>[^,?]+?) "
            r"(?:schicken|senden|zusenden|zuschicken|mitteilen|nennen|geben|zukommen lassen|bereitstellen"
            r"|hochladen|übermitteln|weiterleiten|sagen)",
            "{x} angefragt",
            1,
        ),
        asking(
            3.5,
            r"\b(?:senden|schicken|nennen|teilen|geben|übermitteln|schick|sende) (?:sie )?(?:uns|mir)(?: (?:bitte"
            r"|noch|dazu|dafür|kurz|hierzu))* (?P<x>[^,?.]+?)(?= (?:mit|zu|per)(?:[.,;!]|$| e-?mail)|[.,;!]|$)",
            "{x} angefragt",
            1,
        ),
        asking(
            3.3, r"\bbenötigen wir (?:von ihnen |noch |bitte |dazu |dafür |außerdem )*(?P<x>.+)", "{x} angefragt", 1
        ),
        asking(
            3.3,
            r"\b(?:wir|ich) (?:benötigen|brauchen|benötige|brauche) (?:von ihnen |noch |bitte |dazu "
            r"|dafür )*(?P<x>.+)",
            "{x} angefragt",
            1,
        ),
        asking(
            2.8, r"\bwelche[nrsm]? (?P<x>[\w -]+?) (?:nutz|verwend|hab|ist|sind|setz|gibt)\w*", "Nach {x} gefragt", 1
        ),
        phrasing(
            3.3,
            r"\bursache (?:dafür |des \w+ |der \w+ |hierfür )?(?:war|ist|waren) (?P<x>.+)",
            "{x} als Ursache gefunden",
            3,
        ),
        phrasing(
            3.2,
            r"\b(?:(?:ich|wir) (?:werde|werden)|werde ich|werden wir)" + _SOFT + r" (?P<x>[^,;]+?n)(?=[.,;!]|$| und )",
            "{x}",
            1,
        ),
        phrasing(
            3,
            r"(?:^|[,;:–—] |\bund |bitte )(?P<v>(?!(?:haben|sind|können|könnten|würden|wollen|finden|melden|wenden"
            r"|sehen|beachten|wissen|möchten|lassen|werden|entschuldigen) )\w+n) sie (?:bitte |dazu |dafür "
            r"|zunächst |zuerst |dann |einmal |sich )*(?P<x>.+)",
            "{x} {v} empfohlen",
            2,
        ),
        phrasing(
            2.6,
            r"^(?:leider )?(?:ist|sind|wird|werden) (?P<s>[^,]+?) (?:leider |derzeit "
            r"|aktuell )*(?P<v>nicht (?:mehr )?\w+)",
            "{s} {v}",
            2,
        ),
        phrasing(
            2.5,
            r"^(?:leider )?(?P<s>"
            + _NOT_ABOUT
            + r"[^,]+?) (?:ist|sind|wird|werden) (?:leider |derzeit |aktuell )*(?P<v>nicht (?:mehr )?\w+)",
            "{s} {v}",
            2,
        ),
    ),
    participle=re.compile(
        r"(?=[a-zäöü])(?:\w*ge\w{2,}(?:t|en)|(?:\w{0,6}(?:be|ver|er|ent|zer|über|unter|wieder))\w{3,}(?:t|en)"
        r"|\w{2,}iert|\w+geführt|getan|erledigt)"
        r"(?<!ihren)(?<!einen)(?<!über)"
    ),
    replaced=(
        (re.compile(r"\b[Dd]as ([a-zäöüß]+e) (?=[A-ZÄÖÜ])"), r"\1s "),
        (re.compile(r"\b[Dd]er ([a-zäöüß]+e) (?=[A-ZÄÖÜ])"), r"\1r "),
        (
            re.compile(
                r"(?<=\w)zu(?=(?:setz|stell|richt|lad|ruf|geb|leg|nehm|schalt|log|meld|öffn|leit|fügen|hol|füg"
                r"|start|spiel|trag)\w*n\b)"
            ),
            "",
        ),
        (re.compile(r"\bzu (?=[a-zäöü]+n\b)"), ""),
        (re.compile(r"(?<=[a-zäöüß]) (?:werden|worden)\b"), ""),
        (
            re.compile(
                r"\b(ab|an|aus|ein|auf|zu|um|mit|zurück|vor|nach|hoch|herunter|hinzu) (?=([a-zäöü]+n) empfohlen)"
            ),
            r"\1",
        ),
    ),
)
