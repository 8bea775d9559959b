"""English."""

from __future__ import annotations

from plugin_server.notes.languages.base import Language, asking, pattern, phrasing, whole, words

_START = r"(?:^|[,;:–—] |\b(?:and|but|so|that|then) )"
_SOFT = (
    r"(?: (?:now|just|already|also|since|therefore|successfully|finally|recently|therefore|manually|gone ahead and))*"
)
_DONE = (
    r"(?P<v>(?!(?:need|want|hop|receiv|notic|appreciat|apologi[sz]|lik|lov|plann|promis|wonder|realis|realiz|look"
    r"|decid|tri)e?d\b)"
    r"\w+ed|sent|set(?: up)?|reset|rebuilt|made|found|put|built|wrote|ran|rewrote|rerun|shut|split|cut|took|given"
    r"|gave|run"
    r"|swapped|brought|resent|redid|undid|written|spoken|spoke|held|chosen|looked into|looked at)"
)

ENGLISH = Language(
    code="en",
    common=words(
        "the a an and or but of to in on at for with from by is are was were be been has have had i you we they he"
        " she"
        " it this that these those your our my their its will would can could should may please not as if when so do"
        " does did there here which who what how me us them into than then also just now any some all more about"
        " after"
        " before because up out again let"
    ),
    works=words(
        "clarified diagnosed notified informed scheduled arranged assisted guided recommended suggested "
        "verified processed handled documented escalated coordinated troubleshot identified cause traced "
        "about adjusted repaired corrected shared attached demonstrated instructed recovered rebooted renewed "
        "extended "
        "fix fixed fixing explain explained answer answered advise advised asked requested request sent send set"
        " setup up"
        " update updated configure configured check checked review reviewed investigate investigated investigating"
        " test"
        " tested reset resolve resolved restart restarted install installed deploy deployed add added remove removed"
        " change changed create created clarify clarified schedule scheduled support analysis analyse analyze"
        " issue error"
        " problem bug question login access account password email customer server website page setup guide help"
        " helped"
        " discuss discussed prepare prepared provide provided confirm confirmed restore restored adjust adjusted"
        " correct"
        " corrected troubleshoot troubleshooting configuration reply response call meeting quote info information"
        " instructions unlock unlocked replace replaced migrate migrated enable enabled disable disabled how"
    ),
    left_out=words("the a an your our my their his her please now just already also kindly successfully"),
    spared=words("this that these those again"),
    joints=words(
        "in on at for with from by to of and or into via under over after before during within so as using per"
    ),
    adds=words("and or"),
    breaks=pattern(
        r"[,;:()…–—]| - |\b(?:so that|because|since|which|who|whose|when|while|if|until|although|but|so)\b"
        r"|\bas (?:you|we|i|it|they|requested|discussed|mentioned|agreed|soon|long)\b"
        r"|\band (?:i|we|you|it|they|this|that)\b|\band [^,;]*?\b(?:is|are|was|were|will|can|should|works?|has"
        r"|have|did|does)\b|\b(?:for you|on your behalf|as well)\b"
    ),
    greets=pattern(
        r"(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|greetings)\b"
        r"(?: (?:there|all|everyone|team|again|both|sir|madam|or|and|(?:mr|mrs|ms|dr)\b\.?"
        r"|(?-i:[A-Z][\w'’.-]*))){0,6}"
    ),
    closes=whole(
        r"(?:(?:kind|best|warm|many|with|kindest|warmest)? ?(?:regards|wishes)|best|cheers|sincerely"
        r"|yours (?:sincerely|faithfully|truly)"
        r"|rgds|br|kr|(?:talk|speak|see you) soon|many thanks|thanks|thank you|thx|all the best"
        r"|have a (?:great|nice|good|lovely) \w+|take care"
        r"|sent from my \w+)"
    ),
    says_nothing=pattern(
        r"\bthank(?:s| you)\b|\bhope (?:this|that|you|it|all)\b|\blet (?:me|us) know\b|\b(?:get"
        r"|getting) back to (?:you|me|us)\b|\bdo(?:n't|n’t| not) hesitate\b"
        r"|\bfeel free\b|\bany (?:further|other|more) questions\b|\bhappy to help\b|\bpleas(?:ure|ed) to\b"
        r"|\bapologi[sz]e\b|\bsorry\b"
        r"|\blook(?:ing)? forward\b|\bkeep you (?:posted|updated|informed)\b|\bhave (?:a|an) (?:\w+ )?(?:day"
        r"|weekend|week|evening)\b"
        r"|\bappreciate\b|\b(?:received|got) your (?:message|e-?mail|request|ticket)\b|\breaching out\b"
        r"|\bcontacting (?:us|our)\b"
        r"|\bif you have (?:any )?(?:further )?(?:questions|problems|issues)\b|\bis there anything else\b"
        r"|\bas (?:you )?requested\.?$"
        r"|\bbear with us\b|\bhow are you\b|\bunderstand (?:your|how)\b|\bno problem\b|\byou(?:'|’)?re welcome\b"
        r"|\bplease (?:confirm|check|test|try)(?: (?:it|this|that|again|now|once more))*[.!]?$|\bthis ticket\b"
    ),
    states=words(
        "expired wrong invalid valid incorrect weak strong safe secure old new missing empty lost unknown "
        "temporary too case required needed locked blocked stored saved known only different same"
    ),
    negations=words(
        "not no never nothing cannot without neither nor don't doesn't didn't haven't hasn't can't couldn't "
        "won't isn't wasn't aren't"
    ),
    numbers=words("two three four five six seven eight nine ten eleven twelve twenty thirty hundred thousand twice"),
    deeds=words(
        "remove removed create created delete deleted disable disabled enable enabled install installed "
        "deploy deployed migrate migrated replace replaced unlock unlocked refused rejected cancelled "
        "canceled blocked"
    ),
    determiners=words("the your a an our this that these those my"),
    asked="Asked about {x}",
    unreal=pattern(
        r"(?:^|(?<=[ ,;]))(?:(?:if|whether|once|unless|as soon as|in case)\b[^,;.]*(?:[,;.]|$)|"
        r"you (?:wrote|said|say|told|mentioned|reported|claim\w*|write) [^;.]*(?:[;.]|$))"
    ),
    fillers=pattern(
        r"\b(?:as (?:per|discussed|agreed|mentioned|promised)\b[^,;.]*?(?:, |(?= (?:we|i)\b))"
        r"|(?:it )?turns out (?:that )?)|^(?:unfortunately|good news|quick update),? "
    ),
    phrasings=(
        phrasing(5, _START + r"(?:i|we)(?:['’]ve| have| had)?" + _SOFT + " " + _DONE + r"(?: (?P<x>.+)|$)", "{v} {x}"),
        phrasing(4.6, r"^(?:[-*•] )?" + _DONE + r" (?P<x>.+)", "{v} {x}"),
        phrasing(
            4.5,
            r"(?:^|[,;:–—] |\b(?:and|but) )(?P<s>(?!(?:it|this|that|everything|all|there|which|you|if|when|once"
            r"|after|since|while|as) ).+?)"
            r" (?:has|have|had) (?:now |just |already |also |since )*been (?:\w+ly )?(?P<v>\w+ed|reset|set up"
            r"|rebuilt|sent|found|put|rewritten)\b",
            "{v} {s}",
        ),
        phrasing(
            4.3,
            r"^(?:[-*•] )?(?P<s>(?!(?:it|this|that|everything|all|there|which|you|if|when|once|after|since|while"
            r"|as) )[^,]+?) (?:was|were|is|are) "
            r"(?:now |just |already |also |successfully )*(?P<v>fixed|resolved|updated|changed|corrected|restored"
            r"|enabled|disabled"
            r"|restarted|reset|added|removed|installed|deployed|replaced|renewed|extended|unlocked|activated"
            r"|repaired|migrated"
            r"|created|deleted|merged|cancel?led|refunded|reinstalled|upgraded|cleared|reconfigured|adjusted|moved"
            r"|published)\b",
            "{v} {s}",
        ),
        phrasing(
            4.2,
            r"(?:(?:please )?find (?:attached|enclosed)|(?:attached|enclosed) (?:is|are|you(?:'|’)ll find"
            r"|you will find|please find)"
            r"|(?:i(?:['’]m| am)|we(?:['’]re| are)) (?:attaching|sending(?: you)?)|i(?:['’]ve"
            r"| have) attached) (?P<x>.+)",
            "Sent {x}",
        ),
        phrasing(4, r"(?:^|[,;:–—] )(?:in order )?to (?P<v>\w+) (?P<x>[^,]+), \w+", "Explained how to {v} {x}"),
        phrasing(
            3.9,
            r"(?:^|[,;:–—] |\b(?:steps|instructions|guide) )(?:here (?:is|are)|here['’]s|below is|this is"
            r"|explain\w*)?.*?\bhow (?:to|you can) (?P<v>\w+) (?P<x>.+)",
            "Explained how to {v} {x}",
        ),
        phrasing(
            3.8,
            r"\byou can (?:now |also |simply |easily |always )*(?!find\b|see\b|contact\b|reach\b|call\b|ignore\b"
            r"|expect\b|use it\b)(?P<v>\w+)"
            r" (?P<x>.+?)(?= (?:by|under|via|in|from|through|using|with|at|on|yourself|directly)\b|[.,;]|$)",
            "Explained how to {v} {x}",
        ),
        phrasing(
            3.6, r"\b(?:i(?:['’]m| am)|we(?:['’]re| are)) (?:currently |still |now )*(?P<v>\w+ing) (?P<x>.+)", "{v} {x}"
        ),
        asking(
            3.4,
            r"\b(?:could|can|would) you (?:please |kindly |also |maybe |possibly )*(?:send|provide|give|share"
            r"|forward|attach|tell|supply|email|upload)"
            r"(?: (?:us|me|over|to us|to me))* (?P<x>.+)",
            "Requested {x}",
        ),
        asking(
            3.3,
            r"\bplease (?:send|provide|share|forward|attach|upload|supply)(?: (?:us|me))? (?P<x>.+)",
            "Requested {x}",
        ),
        phrasing(
            3.3,
            r"\b(?:root )?cause (?:of (?:the|this) \w+ )?(?:is|was|turned out to be) (?P<x>(?!found|that)[^,]+)",
            "Identified {x} as cause",
        ),
        phrasing(
            3.3,
            r"(?:^|[,;:–—] )(?P<s>[^,]+?) (?:is|was|were|are) (?:most likely |probably )?caused by (?P<x>.+)",
            "Traced {s} to {x}",
        ),
        phrasing(
            3.2, _START + r"(?:i|we)(?:['’]ll| will| shall| are going to| plan to) (?P<v>\w+) (?P<x>.+)", "{v} {x}"
        ),
        asking(
            3.1,
            r"\b(?:could|can|would) you (?:please |kindly |also |maybe |try to )*(?P<v>\w+) (?P<x>.+)",
            "Asked to {v} {x}",
        ),
        phrasing(3, r"\b(?:i|we) can (?:offer|provide) (?:you )?(?P<x>.+)", "Offered {x}"),
        phrasing(3, r"\bplease (?:also |first |now |try to )*(?P<v>\w+) (?P<x>.+)", "Advised to {v} {x}"),
        phrasing(
            3, r"\b(?:i|we) (?:recommend|suggest|advise)(?: you)?(?: to)? (?P<v>\w+) (?P<x>.+)", "Recommended {v} {x}"
        ),
        asking(
            2.8,
            r"\b(?:which|what) (?P<x>(?!is\b|are\b|do\b)[\w -]+?) (?:are|is|do|does|did|have|has|were|was)\b",
            "Asked about {x}",
        ),
        phrasing(
            2.5,
            r"^(?:unfortunately,? )?(?P<s>[^,]+?) (?:is|are) (?:currently |unfortunately )?(?P<v>not \w+"
            r"|no longer \w+|un\w+able)\b",
            "{s} {v}",
        ),
    ),
)
