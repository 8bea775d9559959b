"""French."""

from __future__ import annotations

import re

from plugin_server.notes.languages.base import Language, asking, pattern, phrasing, whole, words

_SOFT = (
    r"(?: (?:bien|donc|également|déjà|aussi|ensuite|maintenant|désormais|enfin|à nouveau|de nouveau"
    r"|aujourd['’]hui|pu|tout))*"
)
_NOT_ABOUT = (
    r"(?!(?:il|elle|ce|cela|ça|c['’]est|tout|ceci|je|nous|vous|qui|si|comme|dès|une fois|après"
    r"|votre (?:demande|message)) )"
)
_DONE = (
    r"(?P<v>(?:re)?mis à jour|mis en (?:place|ligne|service)|remis en (?:service|ligne)|pris contact|(?!(?:bien"
    r"|reçu|eu|pu|été|noté|pris|vu|fait part|constaté|remarqué|essayé)\b)[a-zéèêàçîï]+(?:é|i|u|is|it|ert|aint"
    r"|eint)"
    r"|remis|mis|fait|pris contact)"
)
_PASSIVE = (
    r"(?P<v>(?:re)?[a-zéèêàçîï]+(?:é|ée|és|ées)|résolue?s?|rétablie?s?|corrigée?s?|mise?s? à jour|mise?s? en place"
    r"|remise?s?"
    r"|ouverte?s?|garantie?s?)\b"
)

FRENCH = Language(
    code="fr",
    common=words(
        "le la les un une des du de d et ou mais ne pas est sont était été être a ai as avons avez ont je nous"
        " vous il elle"
        " ils votre vos notre nos mon ma mes son sa ses ce cet cette ces que qui quoi dans sur sous avec pour par"
        " en au"
        " aux plus très bien si comme donc afin avoir sera peut pouvez merci y à où dont se on leur ceci cela ici"
    ),
    works=words(
        "clarifié informé planifié assisté recommandé suggéré transmis traité documenté coordonné réparé "
        "renouvelé précisions sur demandé fourni précisé communiqué "
        "corrigé expliqué répondu vérifié envoyé demandé configuré mis mise à jour testé réinitialisé redémarré"
        " installé"
        " ajouté supprimé modifié créé analysé résolu rétabli conseillé indiqué identifié comme cause comment"
        " correction"
        " explication réponse vérification envoi demande configuration réinitialisation redémarrage installation"
        " ajout"
        " suppression modification création analyse résolution conseil problème erreur question mot de passe accès"
        " compte"
        " client serveur site facture e-mail support aide échange point diagnostic déblocage rétablissement connexion"
    ),
    left_out=words("votre vos notre nos mon ma mes ton ta tes veuillez maintenant désormais bien également déjà"),
    spared=words("le la les un une ce cet cette ces "),
    joints=words(
        "dans sur sous avec pour par en au aux à de du des d et ou depuis via sans après avant vers chez lors"
    ),
    adds=words("et ou"),
    breaks=pattern(
        r"[,;:()…–—]| - |\b(?:afin|car|puis|parce qu\w*|qui|que|lorsque|quand|si|mais|puisque|donc|ainsi)\b"
        r"|\bpour (?:que|vous)\b|\bet (?:je|nous|vous|il|elle|ils|cela|tout)\b|\bet [^,;]*?\b(?:est|sont|sera"
        r"|seront|peut|fonctionne|fonctionnent|a|ont)\b"
    ),
    greets=pattern(
        r"(?:bonjour|bonsoir|salut|cher|chère|chers|chères|coucou|hello)\b"
        r"(?: (?:à tous|à toutes|tous|et|toutes|l['’]équipe|madame|monsieur|mme|m\.|client|cliente"
        r"|(?-i:[A-ZÀ-Þ][\w'’.-]*))){0,6}"
        r"|(?:madame|monsieur)(?:,? (?:et )?(?:madame|monsieur|(?-i:[A-ZÀ-Þ][\w'’.-]*))){0,6}(?=[,!]|$)"
    ),
    closes=whole(
        r"(?:cdlt|cdt|bàv|(?:bien |très )?(?:cordialement|amicalement|sincèrement|respectueusement)|(?:meilleures "
        r"|sincères )?salutations(?: \w+)?"
        r"|bien à vous|merci(?: (?:d['’]avance|et .*|beaucoup))?|(?:bonne|belle"
        r"|excellente) (?:journée|soirée|fin .*)|à bientôt"
        r"|l['’]équipe \w+"
        r"|je vous prie d['’]agréer.*|veuillez agréer.*)"
    ),
    says_nothing=pattern(
        r"\bmerci (?:de|pour) votre\b|\bmerci\b[ !.]*$|\bmerci (?:beaucoup|d['’]avance|encore)\b|\bremerci"
        r"|\bn['’]hésitez\b|\bà (?:votre|ta) disposition\b|\bj['’]espère\b|\bnous espérons\b"
        r"|\bexcuse|\bdésolée?s?\b|\bpatience\b|\bcompréhension\b|\btien(?:s|drons|drai) (?:au courant|informé)"
        r"|\bau courant\b"
        r"|\bbonne (?:journée|soirée|semaine)\b|\b(?:reçu|pris (?:bonne )?note).*(?:message|demande|mail)\b"
        r"|\breviendr|\brevien(?:s|drai) vers vous\b"
        r"|\bautres? questions?\b|\bregrett|\bavec plaisir\b|\bje vous en prie\b|\bvotre retour\b|\bdésagrément"
    ),
    states=words(
        "expiré faux incorrect invalide valide ancien nouveau faible fort sûr perdu inconnu temporaire trop "
        "court long vide obligatoire nécessaire identique"
    ),
    negations=words("ne n pas plus jamais aucun aucune rien sans ni"),
    numbers=words("deux trois quatre cinq six sept huit neuf dix onze douze vingt trente cent mille"),
    deeds=words(
        "supprimé suppression installé installation ajouté ajout créé création déblocage refusé annulé bloqué désactivé"
    ),
    determiners=words("le la les un une votre vos ton ta tes notre nos ce cette ces l"),
    asked="Demandé des précisions sur {x}",
    unreal=pattern(
        r"(?:^|(?<=[ ,;]))(?:(?:si|dès que|lorsque|une fois que)\b[^,;.]*(?:[,;.]|$)|"
        r"vous (?:avez (?:écrit|dit|indiqué)|écriviez|écrivez|dites) [^;.]*(?:[;.]|$))"
    ),
    fillers=pattern(r"^(?:malheureusement|comme (?:convenu|discuté)[^,]*|suite à notre [^,]*),? "),
    phrasings=(
        phrasing(
            5,
            r"(?:\bj['’]ai|\bnous avons|\bon a|\bnous (?:vous |l['’])avons|\bje (?:vous |l['’])ai)(?: (?:vous|lui"
            r"|leur))?" + _SOFT + " " + _DONE + r"(?:e|es|s)?\b(?: (?P<x>.+)|$)",
            "{v} {x}",
        ),
        phrasing(4.6, r"^(?:[-*•] )?" + _DONE + r" (?P<x>(?:l[ea]s?|un|une|du|des|l['’]).+)", "{v} {x}"),
        phrasing(
            4.5,
            r"(?:^|[,;:–—] )(?P<s>"
            + _NOT_ABOUT
            + r"[^,;]+?) (?:a|ont|vient d['’]|viennent d['’])(?: bien| donc| désormais| également)* ?(?:été|être)"
            + _SOFT
            + " "
            + _PASSIVE,
            "{s} {v}",
            1,
        ),
        phrasing(
            4.3, r"^(?:[-*•] )?(?P<s>" + _NOT_ABOUT + r"[^,;]+?) (?:est|sont)" + _SOFT + " " + _PASSIVE, "{s} {v}", 1
        ),
        phrasing(
            4.2,
            r"(?:\bvous trouverez(?: (?:ci-joint\w*|en pièce jointe|en annexe|ci-dessous|en PJ))?"
            r"|\bveuillez trouver(?: ci-joint\w*| en pièce jointe)?"
            r"|\bci-joint\w*(?: donc)?,?|\bje vous (?:envoie|transmets|joins|adresse)(?: ci-joint"
            r"| en pièce jointe)?|\bnous vous (?:envoyons|transmettons|adressons))"
            r" (?P<x>.+)",
            "Envoyé {x}",
        ),
        phrasing(4, r"(?:^|[,;:–—] )(?:pour|afin de) (?P<v>\w+(?:er|ir|re)) (?P<x>[^,]+),", "Expliqué comment {v} {x}"),
        phrasing(3.9, r"\bcomment (?P<v>\w+(?:er|ir|re)) (?P<x>.+)", "Expliqué comment {v} {x}"),
        phrasing(
            3.8,
            r"\b(?:vous pouvez|tu peux|il est possible de)(?: (?:maintenant|désormais|simplement|facilement"
            r"|également|toujours|aussi|directement|donc))* "
            r"(?!nous\b|me\b)(?P<v>\w+(?:er|ir|re)) (?P<x>.+?)(?= (?:en (?:cliquant|allant|\w+ant)|via|dans|depuis"
            r"|sur|sous|à partir)\b|[.,;]|$)",
            "Expliqué comment {v} {x}",
        ),
        asking(
            3.5,
            r"\b(?:pourriez|pouvez|pourrais|peux)-(?:vous|tu) (?:s['’]il vous plaît |svp |également )?(?:(?:nous"
            r"|me|m['’]) ?)?"
            r"(?:envoyer|transmettre|communiquer|fournir|indiquer|préciser|donner|faire parvenir"
            r"|joindre)(?: s['’]il vous plaît)? (?P<x>.+)",
            "Demandé {x}",
        ),
        asking(
            3.4,
            r"\bmerci de (?:bien vouloir )?(?:(?:nous|me) )?(?:envoyer|transmettre|communiquer|fournir|indiquer"
            r"|préciser) (?P<x>.+)",
            "Demandé {x}",
        ),
        phrasing(3.3, r"\b(?:la )?cause (?:du \w+ |de \w+ \w+ )?(?:est|était) (?P<x>.+)", "Identifié {x} comme cause"),
        phrasing(
            3.2,
            r"\b(?:nous allons|je vais|on va)(?: \w+ment)? (?!vous\b|revenir\b)(?P<v>\w+(?:er|ir|re)) (?P<x>.+)",
            "{v} {x}",
        ),
        asking(
            3.1,
            r"\b(?:pourriez|pouvez|pourrais|peux)-(?:vous|tu) (?P<v>\w+(?:er|ir|re)) (?P<x>.+)",
            "Demandé de {v} {x}",
        ),
        phrasing(
            3,
            r"\b(?:veuillez|merci de|je vous (?:conseille|recommande|invite) (?:de|à)|nous vous (?:conseillons"
            r"|recommandons|invitons) (?:de|à)|essayez de)(?: bien vouloir)? (?P<v>\w+(?:er|ir|re)) (?P<x>.+)",
            "Conseillé de {v} {x}",
        ),
        phrasing(
            2.8,
            r"\bquel(?:le)?s? (?P<x>[\w '’-]+?) (?:utilisez|avez|est|sont|voyez|souhaitez)",
            "Posé question sur {x}",
        ),
        phrasing(
            2.5,
            r"^(?:malheureusement,? )?(?P<s>"
            + _NOT_ABOUT
            + r"[^,]+?) (?P<v>n['’]est (?:pas|plus) (?:(?:sous|en|à|de) )?\w+)",
            "{s} {v}",
            2,
        ),
    ),
    replaced=((re.compile(r"\b(?:de|d['’]) ?(?:votre|vos|notre|nos|ton|tes)\b ", re.IGNORECASE), ""),),
)
