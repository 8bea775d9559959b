"""Dutch."""

from __future__ import annotations

import re

from plugin_server.notes.languages.base import Language, asking, pattern, phrasing, whole, words

_SOFT = (
    r"(?: (?:u|je|jullie|nu|inmiddels|zojuist|net|vandaag|gisteren|ook|al|reeds|daarom|dus|voor u|voor je|direct"
    r"|meteen"
    r"|nogmaals|even|het|dit|dat|succesvol|alvast|weer))*"
)
_NOT_ABOUT = r"(?!(?:het|dit|dat|alles|u|ik|we|wij|je|hier|als|wanneer|zodra|nadat|omdat|er) (?:is|zijn|werd|wordt))"

DUTCH = Language(
    code="nl",
    common=words(
        "de het een en of maar niet is zijn was waren wordt worden werd heb hebben heeft had ik u uw wij we je jij"
        " jouw"
        " van te ten ter met voor op in aan bij naar uit over onder om door als dat die dit deze dan ook nog nu al er"
        " hier daar kunt kan zal zullen moet graag wat hoe zo tot meer geen zich ons onze"
    ),
    works=words(
        "geïnformeerd gepland begeleid aanbevolen verduidelijkt gedocumenteerd geverifieerd doorgegeven "
        "gerepareerd vernieuwd gevraagd naar gemeld "
        "uitgelegd opgelost hersteld gecontroleerd beantwoord opgevraagd verstuurd verzonden ingesteld bijgewerkt"
        " geconfigureerd aangepast gecorrigeerd getest aangemaakt verwijderd geïnstalleerd gewijzigd gereset herstart"
        " opnieuw gestart ingericht geadviseerd besproken onderzocht oorzaak gevonden fout probleem vraag uitleg"
        " wachtwoord reset toegang account klant server website factuur e-mail mail ondersteuning analyse instellen"
        " gedeblokkeerd toegevoegd vervangen bijwerken overleg controle aanpassing storing login geactiveerd"
    ),
    left_out=words("uw jouw je mijn onze ons nu inmiddels zojuist net graag alvast even een succesvol reeds jullie"),
    spared=words("de het weer ook deze dit die opnieuw"),
    joints=words("in op aan bij met voor van naar uit over onder om door via en of tot zonder per vanaf na tijdens"),
    adds=words("en of"),
    breaks=pattern(
        r"[,;:()…–—]| - |\b(?:zodat|omdat|want|als|wanneer|nadat|voordat|maar|waardoor|waarna)\b"
        r"|\ben (?:ik|we|wij|u|je|het|dit|dat|kunt|kan|klik|probeer|log|heb|hebben|zal|zullen)\b"
        r"|\ben [^,;]*?\b(?:is|zijn|wordt|worden|kan|kunnen|werkt|werken|heeft)\b|\bvoor (?:u|jou)\b"
    ),
    greets=pattern(
        r"(?:hallo|hoi|hi|hey|dag|beste|geachte|lieve|goede(?:morgen|middag|navond|ndag)|goeie\w+)\b"
        r"(?: (?:allemaal|iedereen|team|collega'?s?|klant|heer|mevrouw|meneer|dhr|mevr|en|van|de|der|den"
        r"|(?-i:[A-Z][\w'’.-]*))){0,6}"
    ),
    closes=whole(
        r"(?:(?:met )?(?:vriendelijke|hartelijke|beste|warme) (?:groet(?:en|jes)?|dank)|groet(?:en|jes)?|mvg"
        r"|hartelijk dank"
        r"|bedankt|dank je wel|alvast bedankt|hoogachtend|fijne \w+|prettige \w+|tot (?:ziens|snel|dan))"
    ),
    says_nothing=pattern(
        r"\b(?:bedankt|dank)\b|\bik hoop\b|\bwe hopen\b|\blaat (?:het|me|ons)\b|\bhoor (?:ik|het) graag\b"
        r"|\bhoren we graag\b"
        r"|\bvragen (?:heeft|hebt|zijn)\b|\bneem(?:t u)? (?:gerust |dan )*contact\b|\bexcuses\b|\bsorry\b"
        r"|\bonze excuses\b"
        r"|\bop de hoogte\b|\b(?:fijne|prettige) (?:dag|avond|week)\b|\bgraag gedaan\b|\bontvangen\b.*\b(?:bericht"
        r"|vraag|mail)\b"
        r"|\b(?:bericht|vraag|mail)\b.*\bontvangen\b|\bbegrip\b|\bgeduld\b|\bhelpen\b.*\bgraag\b|\bvervelend\b"
        r"|\bgeen probleem\b"
    ),
    states=words(
        "verlopen fout onjuist ongeldig geldig oud nieuw zwak sterk veilig leeg onbekend tijdelijk te kort "
        "lang verplicht nodig hetzelfde kwijt"
    ),
    negations=words("niet geen nooit niets zonder noch"),
    numbers=words("twee drie vier vijf zes zeven acht negen tien elf twaalf twintig honderd duizend"),
    deeds=words(
        "aangemaakt verwijderd geïnstalleerd gedeblokkeerd vervangen toegevoegd geactiveerd geweigerd "
        "geannuleerd geblokkeerd"
    ),
    determiners=words("de het een uw je jouw onze ons deze dit die dat"),
    asked="Gevraagd naar {x}",
    unreal=pattern(
        r"(?:^|(?<=[ ,;]))(?:(?:als|zodra|indien|mits)\b[^,;.]*(?:[,;.]|$)|"
        r"(?:u|je|jij) (?:schreef|zei|schrijft|zegt|meldde) [^;.]*(?:[;.]|$))"
    ),
    fillers=pattern(r"^(?:helaas|zoals (?:besproken|afgesproken)),? "),
    phrasings=(
        phrasing(
            5,
            r"(?:^|[,;:–—] |\b(?:en|dat|want) )(?:(?:ik|wij|we) (?:heb|hebben)|(?P<s>(?:[^,;:]+? )?)(?:heb ik"
            r"|hebben (?:we|wij)))" + _SOFT + r" (?P<x>.+)",
            "{x}",
            1,
            final=True,
        ),
        phrasing(
            4.5,
            r"^(?:[-*•] )?(?P<s>"
            + _NOT_ABOUT
            + r"[^,;]+?) (?:is|zijn|werd|werden|was)"
            + _SOFT
            + r" (?P<x>(?:[^,;]* )?\w+)(?=[.,;!]|$| en )",
            "{s} {x}",
            1,
            final=True,
        ),
        phrasing(
            4.2,
            r"\b(?:bijgevoegd|in de bijlage|bijgaand|als bijlage) (?:vindt|vind|ontvangt|stuur|sturen|treft|is|zijn)"
            r"(?: (?:u|je|ik|we|wij|hierbij))* (?P<x>.+)",
            "{x} verstuurd",
            1,
        ),
        phrasing(
            4.1,
            r"\b(?:(?:ik|wij|we) (?:stuur|sturen|mail)|(?:stuur|sturen) (?:ik|we|wij)) (?:u |je |hierbij "
            r"|alvast )*(?P<x>.+)",
            "{x} verstuurd",
            1,
        ),
        phrasing(4, r"(?:^|[,;:–—] )om (?P<x>[^,]+? te \w+n)(?:,| (?:klik|ga|open|kies|kunt|log))", "{x} uitgelegd", 2),
        phrasing(
            3.8,
            r"\b(?:u kunt|je kunt|je kan|kunt u|kun je)" + _SOFT + r"(?: (?:zelf|eenvoudig|altijd|gewoon))* "
            r"(?P<x>[^,;?]+?n)(?=[.,;!]|$| en | door | via )",
            "{x} uitgelegd",
            2,
        ),
        asking(
            3.7,
            r"\b(?:kunt u|kun je|zou u|zou je|wilt u|wil je|kan je) (?:ons |mij |me |alstublieft |aub |nog |even "
            r"|eens |kunnen )*"
            r"(?P<x>[^,?]+?) (?:(?:kunnen )?(?:sturen|doorsturen|toesturen|opsturen|doorgeven|laten weten"
            r"|aanleveren|mailen|geven|uploaden))",
            "{x} opgevraagd",
            1,
        ),
        asking(
            3.6,
            r"\b(?:stuur|mail|geef|lever)(?:t u)? (?:ons |mij |me |alstublieft |aub |nog |even )*(?P<x>[^,?.]+?)"
            r"(?= (?:door|toe|op|aan|mee)(?:[.,;!]|$)|[.,;!]|$)",
            "{x} opgevraagd",
            1,
        ),
        phrasing(3.3, r"\boorzaak (?:hiervan |van \w+ \w+ )?(?:is|was) (?P<x>.+)", "{x} als oorzaak gevonden", 3),
        phrasing(
            3.2,
            r"\b(?:(?:ik|we|wij) (?:zal|zullen|ga|gaan)|(?:zal|ga) ik|(?:zullen|gaan) (?:we|wij))"
            + _SOFT
            + r" (?P<x>[^,;]+?n)(?=[.,;!]|$| en )",
            "{x}",
            1,
        ),
        asking(2.8, r"\bwelke (?P<x>[\w -]+?) (?:gebruik|heb|is|zijn)\w*", "Gevraagd naar {x}"),
        phrasing(
            2.5,
            r"^(?:helaas )?(?P<s>"
            + _NOT_ABOUT
            + r"[^,]+?) (?:is|zijn|wordt) (?:helaas |nog )*(?P<v>niet (?:meer )?\w+)",
            "{s} {v}",
            2,
        ),
        phrasing(
            2.4,
            r"\b(?:probeer|wis|leeg|herstart|verwijder|controleer|sluit|open) (?:eens |eerst |dan |u )*(?P<x>.+)",
            "Geadviseerd: {x}",
        ),
    ),
    participle=re.compile(
        r"(?:\w*ge\w{2,}(?:d|t|en)|(?:be|ver|her|ont|her)\w{2,}(?:d|t|en)|\w+ïnstalleerd|\w+eerd|opgelost"
        r"|klaar)(?<!geen)",
    ),
    replaced=(
        (re.compile(r"\b(in|op|aan|uit|af|toe|over|mee|terug|door|bij|na|weg|los) te (?=\w+n\b)"), r"\1"),
        (re.compile(r"\bte (?=\w+n\b)"), ""),
    ),
)
