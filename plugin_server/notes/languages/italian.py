"""Italian."""

from __future__ import annotations

import re

from plugin_server.notes.languages.base import Language, asking, pattern, phrasing, whole, words

_SOFT = r"(?: (?:già|anche|appena|quindi|ora|adesso|inoltre|provveduto a|oggi|poi|correttamente|nuovamente|subito))*"
_NOT_ABOUT = r"(?!(?:questo|ciò|tutto|se|quando|che|come|una volta|dopo|la (?:sua|vostra) richiesta) )"
_PART = r"[a-zàèéìòù]+(?:at|ut|it|ett|ott|unt|ost|ert|iest|rett|olt|ist|es|us|as|os|int)[oaie]"

ITALIAN = Language(
    code="it",
    common=words(
        "il lo la i gli le un uno una di del della dei delle dello degli e o ma non è sono era essere ho abbiamo"
        " ha hanno"
        " io noi lei voi suo sua vostro vostra nostro nostra in nel nella nei con per da dal dalla su sul sulla a"
        " al alla"
        " che chi si ci vi questo questa questi quello come più molto anche già se quando dove può possono ed ai alle"
    ),
    works=words(
        "chiarito informato pianificato assistito suggerito documentato coordinato riparato rinnovato chiesto "
        "informazioni su fornito comunicato gestito come "
        "corretto spiegato risposto verificato inviato richiesto configurato aggiornato testato reimpostato riavviato"
        " installato aggiunto rimosso modificato creato analizzato risolto consigliato indicato individuato come"
        " causa"
        " correzione spiegazione risposta verifica invio richiesta configurazione aggiornamento reimpostazione"
        " riavvio"
        " installazione analisi problema errore domanda password accesso account cliente server sito fattura email"
        " supporto assistenza ripristinato sbloccato attivato controllato sistemato di"
    ),
    left_out=words("suo sua suoi sue vostro vostra vostri vostre nostro nostra tuo tua già anche ora correttamente"),
    spared=words("il lo la i gli le un uno una questo questa"),
    joints=words(
        "in nel nella nei nelle con per da dal dalla di del della dei delle su sul sulla a al alla e o tra fra"
        " senza dopo"
        " tramite via ai alle dello degli"
    ),
    adds=words("e ed o"),
    breaks=pattern(
        r"[,;:()…–—]| - |\b(?:perché|poiché|che|quando|se|ma|così|mentre|quindi|affinché)\b|\bin modo\b"
        r"|\be [^,;]*?\b(?:è|sono|funziona|funzionano|può|possono|ha|hanno)\b|\be (?:le|vi|ti|ora|adesso|tutto"
        r"|abbiamo|ho|può|potete|dovrebbe)\b|\bper (?:lei|voi|te)\b"
    ),
    greets=pattern(
        r"(?:ciao|salve|buongiorno|buonasera|buon pomeriggio|gentil[ei]|gent\.(?:mo|ma)|egregi[oa]?|car[oaie]"
        r"|spett\.?(?:le|abile))\b"
        r"(?: (?:a tutti|tutti|team|e|signor(?:a|e|i)?|sig\.?(?:ra)?|dott\.?(?:ssa)?|dottor(?:e|essa)?|cliente"
        r"|clienti|(?-i:[A-ZÀ-Þ][\w'’.-]*))){0,6}"
    ),
    closes=whole(
        r"(?:(?:cordiali|distinti|cari) saluti|cordialmente|saluti|un (?:cordiale )?saluto|grazie(?: (?:mille"
        r"|ancora|e .*|in anticipo))?"
        r"|buona (?:giornata|serata|fortuna)|a presto|il team .*|resto a disposizione.*)"
    ),
    says_nothing=pattern(
        r"\bgrazie\b|\bringrazi|\bspero (?:che|di)\b|\bsperiamo\b|\bnon esit|\ba (?:sua|vostra|tua) disposizione\b"
        r"|\ba disposizione\b|\bscus|\bci dispiace\b"
        r"|\bmi dispiace\b|\bpazienza\b|\bcomprensione\b|\baggiornat[oiae] (?:su|appena|non)|\bbuona (?:giornata"
        r"|serata)\b"
        r"|\b(?:ricevuto).*(?:messaggio|richiesta|e-?mail|segnalazione)\b|\bqualsiasi (?:altra )?(?:domanda"
        r"|dubbio)\b|\bulteriori (?:domande|informazioni)\b"
        r"|\bdisagi|\bprego\b|\bcon piacere\b|\bfatemi sapere\b|\bmi faccia sapere\b|\bci faccia sapere\b"
    ),
    states=words(
        "scaduta scaduto errata sbagliata valida vecchia nuova debole sicura persa sconosciuta temporanea "
        "troppo corta lunga vuota obbligatoria necessaria uguale"
    ),
    negations=words("non mai nessun nessuna niente senza né"),
    numbers=words("due tre quattro cinque sei sette otto nove dieci undici dodici venti trenta cento mille"),
    deeds=words(
        "installato aggiunto rimosso creato installazione sbloccato attivato bloccato rifiutato annullato "
        "cancellato eliminato"
    ),
    determiners=words("il lo la i gli le un uno una suo sua tuo tua vostro vostra questo questa l"),
    asked="Chiesto informazioni su {x}",
    unreal=pattern(
        r"(?:^|(?<=[ ,;]))(?:(?:se|appena|una volta che|quando)\b[^,;.]*(?:[,;.]|$)|"
        r"(?:lei |tu )?(?:ha scritto|hai scritto|ha detto|hai detto) che [^;.]*(?:[;.]|$))"
    ),
    fillers=pattern(r"^(?:purtroppo|come (?:concordato|d’accordo)[^,]*),? "),
    phrasings=(
        phrasing(
            5,
            r"\b(?:(?:le |vi |l['’]|ti )?(?:ho|abbiamo))"
            + _SOFT
            + r" (?P<v>(?!(?:ricevuto|avuto|potuto|visto|notato|letto|provveduto)\b)"
            + _PART
            + r")(?: (?P<x>.+)|$)",
            "{v} {x}",
        ),
        phrasing(4.8, r"\b(?:ho|abbiamo) provveduto a(?:d)? (?P<v>\w+re) (?P<x>.+)", "{v} {x}"),
        phrasing(
            4.6, r"^(?:[-*•] )?(?P<v>" + _PART + r") (?P<x>(?:il|lo|la|i|gli|le|l['’]|un|una|uno) ?.+)", "{v} {x}"
        ),
        phrasing(
            4.5,
            r"(?:^|[,;:–—] )(?P<s>"
            + _NOT_ABOUT
            + r"[^,;]+?) (?:è stat[oa]|sono stat[ie]|risulta|risultano)"
            + _SOFT
            + r" (?P<v>"
            + _PART
            + ")",
            "{s} {v}",
            1,
        ),
        phrasing(4.4, r"\b(?:è stat[oa]|sono stat[ie]) (?P<v>" + _PART + r") (?P<x>.+)", "{v} {x}"),
        phrasing(
            4.3,
            r"^(?:[-*•] )?(?P<s>"
            + _NOT_ABOUT
            + r"[^,;]+?) (?:è|sono)"
            + _SOFT
            + r"(?: di nuovo)? (?P<v>"
            + _PART
            + ")",
            "{s} {v}",
            1,
        ),
        phrasing(
            4.2,
            r"(?:\bin allegato(?: (?:trova|trovate|troverà|troverete|le invio|vi invio|invio|c['’]è))?|\b(?:le|vi"
            r"|ti) (?:invio|inviamo|mando|allego|alleghiamo|trasmetto)(?: in allegato)?|\balleg(?:o"
            r"|hiamo)(?: qui)?) (?P<x>.+)",
            "Inviato {x}",
        ),
        phrasing(4, r"(?:^|[,;:–—] )per (?P<v>\w+re) (?P<x>[^,]+),", "Spiegato come {v} {x}"),
        phrasing(3.9, r"\bcome (?P<v>\w+(?:are|ere|ire)) (?P<x>.+)", "Spiegato come {v} {x}"),
        phrasing(
            3.8,
            r"\b(?:può|puoi|potete|è possibile)(?: (?:ora|anche|facilmente|sempre"
            r"|semplicemente))* (?!contattar)(?P<v>\w+(?:are|ere|ire)) "
            r"(?P<x>.+?)(?= (?:da|dal|dalla|in|nel|nella|tramite|cliccando|andando|con|\w+ando|\w+endo)\b|[.,;?]|$)",
            "Spiegato come {v} {x}",
        ),
        asking(
            3.9,
            r"\b(?:potrebbe|può|potreste|potete|puoi|potresti)(?: (?:cortesemente|gentilmente|per favore))* "
            r"(?:inviar|mandar|fornir|indicar|comunicar|trasmetter|girar|confermar|dir)(?:ci"
            r"|mi)(?: (?:cortesemente|gentilmente|per favore))? (?P<x>.+)",
            "Richiesto {x}",
        ),
        asking(
            3.5,
            r"\b(?:ci|mi) (?:invii|mandi|inviate|fornisca|serve|servono|servirebbe|indichi)(?: (?:per favore"
            r"|cortesemente|anche))? (?P<x>.+)",
            "Richiesto {x}",
        ),
        phrasing(3.3, r"\bcausa (?:del \w+ |della \w+ )?(?:era|è) (?P<x>.+)", "Individuato {x} come causa"),
        phrasing(
            3.2,
            r"\b(?:provvederemo a(?:d)?|provvederò a(?:d)?|procederemo a(?:d)?|stiamo per) (?P<v>\w+re) (?P<x>.+)",
            "{v} {x}",
        ),
        asking(3.1, r"\b(?:potrebbe|può|potreste|puoi) (?P<v>\w+re) (?P<x>.+)", "Richiesto di {v} {x}"),
        phrasing(
            3,
            r"\b(?:(?:la|vi) (?:preghiamo|prego|invitiamo|consiglio) (?:di|a)|(?:le|vi|ti) (?:consiglio"
            r"|consigliamo|suggeriamo|suggerisco) di|provi a|provate a|prova a) (?P<v>\w+re) (?P<x>.+)",
            "Consigliato di {v} {x}",
        ),
        asking(2.8, r"\bquale (?P<x>[\w -]+?) (?:usa|utilizza|ha|sta|state)\b", "Chiesto informazioni su {x}"),
        phrasing(
            2.5,
            r"^(?:purtroppo,? )?(?P<s>" + _NOT_ABOUT + r"[^,]+?) (?P<v>non (?:è|sono|funziona) (?:più )?\w+)",
            "{s} {v}",
            2,
        ),
    ),
    replaced=((re.compile(r"\b(?:il|lo|la) (?=[aeiou]\w)"), "l'"),),
)
