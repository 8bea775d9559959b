"""Portuguese."""

from __future__ import annotations

from plugin_server.notes.languages.base import Language, asking, pattern, phrasing, whole, words

_SOFT = r"(?: (?:já|também|agora|hoje|novamente|corretamente|com sucesso|então))*"
_NOT_ABOUT = r"(?!(?:isso|isto|tudo|se|quando|que|como|assim|depois|a sua (?:mensagem|solicitação)) )"
_PART = r"[a-záâãàçéêíóôõú]+(?:ado|ido|ada|ida|ados|idos|adas|idas|feito|feita|aberto|aberta|posto|posta|pago|paga)"
_PAST = (
    r"(?P<v>(?!(?:esperamos|estamos|vamos|ficamos|lamentamos|agradecemos|precisamos|podemos|temos|pedimos|aqui|sei"
    r"|recebi|recebemos|esperei|enviarei|farei"
    r"|ficarei|darei|solicitamos|gostei|desejamos|sabemos|gostaríamos|conseguimos|consegui|informamos|somos|iremos"
    r"|irei|assim|retornarei|entraremos|notei)\b)"
    r"[a-záâãàçéêíóôõú]{3,}(?:ei|i|amos|emos|imos)|fiz|fizemos|pus|pusemos|refiz)"
)

PORTUGUESE = Language(
    code="pt",
    common=words(
        "o a os as um uma uns umas de do da dos das e ou mas não é são era foi foram ser está estão tem temos eu"
        " nós você"
        " vocês seu sua seus suas nosso nossa meu minha que quem em no na nos nas com por para ao à aos pelo pela"
        " se lhe me"
        " este esta esse essa isso isto como mais muito já também quando onde pode podem há sem sobre desde até"
    ),
    works=words(
        "esclarecido informado agendado assistido recomendado sugerido documentado coordenado reparado "
        "renovado perguntado sobre como fornecido comunicado tratado "
        "corrigido corrigi explicado respondido verificado enviado solicitado configurado atualizado testado"
        " redefinido"
        " reiniciado instalado adicionado removido alterado criado analisado resolvido indicado aconselhado"
        " identificado"
        " como causa que correção explicação resposta verificação envio solicitação configuração atualização"
        " redefinição"
        " reinício instalação análise problema erro dúvida senha palavra-passe acesso conta cliente servidor site"
        " fatura"
        " e-mail suporte ajuda resolução desbloqueado ativado ajustado restaurado"
    ),
    left_out=words("seu sua seus suas nosso nossa nossos nossas meu minha já também agora corretamente"),
    spared=words("o a os as um uma uns umas este esta esse essa"),
    joints=words(
        "em no na nos nas com por para de do da dos das e ou ao à aos às pelo pela desde até sobre sem via após entre"
    ),
    adds=words("e ou"),
    breaks=pattern(
        r"[,;:()…–—]| - |\b(?:porque|pois|que|quando|se|mas|embora|onde|assim|enquanto|portanto)\b|\bpara (?:que"
        r"|você|vocês|si)\b"
        r"|\be [^,;]*?\b(?:está|estão|é|são|funciona|funcionam|pode|podem|foi|foram|voltou|voltaram)\b|\be (?:lhe"
        r"|agora|já|tudo|você|pode|deve|temos)\b"
    ),
    greets=pattern(
        r"(?:olá|oi|bom dia|boa tarde|boa noite|prezad[oa]s?|car[oa]s?|estimad[oa]s?|exm[oa]s?\.?)\b"
        r"(?: (?:a todos|todos|todas|equipe|equipa|e|senhor(?:a|es)?|sr\.?a?|sra\.?|dona|cliente|clientes"
        r"|(?-i:[A-ZÀ-Þ][\w'’.-]*))){0,6}"
    ),
    closes=whole(
        r"(?:(?:com os )?(?:melhores|meus|nossos) (?:cumprimentos|votos)|cumprimentos|atenciosamente|cordialmente"
        r"|att\.?|abraços?|um abraço"
        r"|saudações(?: \w+)?|(?:muito )?obrigad[oa](?: (?:e .*|pela .*|desde já|pelo .*))?|grat[oa]|fico à .*"
        r"|ficamos à .*|tenha um .*)"
    ),
    says_nothing=pattern(
        r"\bobrigad[oa]\b|\bagrade[cç]|\bespero que\b|\besperamos\b|\bnão hesite\b|\bà (?:sua |vossa "
        r"|inteira )?disposição\b|\bdesculp|\blament|\bsentimos muito\b"
        r"|\bpaciência\b|\bcompreensão\b|\bmante(?:remos|rei|r).*informad|\bbom dia\b|\bbom fim\b|\b(?:recebemos"
        r"|recebi).*(?:mensagem|solicitação|e-?mail|pedido)\b"
        r"|\b(?:qualquer|alguma|outras?) (?:outra )?(?:dúvidas?|pergunta|questão)\b|\bfico\b|\bficamos\b"
        r"|\btranstorno|\binconveniente|\bde nada\b|\bcom prazer\b"
        r"|\bestamos à\b|\bentr(?:e|aremos|arei) em contato\b|\bavise\b"
    ),
    states=words(
        "expirada expirado incorreta inválida válida antiga nova fraca segura perdida desconhecida temporária "
        "demasiado curta longa vazia obrigatória necessária errada igual"
    ),
    negations=words("não nunca jamais tampouco sem nem nenhum nenhuma nada"),
    numbers=words("dois duas três quatro cinco seis sete oito nove dez onze doze vinte trinta cem mil"),
    deeds=words(
        "instalado adicionado removido criado instalação desbloqueado ativado bloqueado recusado cancelado "
        "apagado eliminado"
    ),
    determiners=words("o a os as um uma seu sua seus suas teu tua nosso nossa este esta"),
    asked="Perguntado sobre {x}",
    unreal=pattern(
        r"(?:^|(?<=[ ,;]))(?:(?:se|assim que|uma vez que|quando)\b[^,;.]*(?:[,;.]|$)|"
        r"(?:você )?(?:escreveu|disse) que [^;.]*(?:[;.]|$))"
    ),
    fillers=pattern(r"^(?:infelizmente|conforme combinado[^,]*),? "),
    phrasings=(
        phrasing(
            5,
            r"(?:^|[,;:–—] |\b(?:e|que) )(?:[-*•] )?(?:eu |nós |ontem |hoje |já |também |a gente )*"
            + _PAST
            + r" (?P<x>(?:o|a|os|as|um|uma|seu|sua|seus|suas|ao|à|em|no|na|novamente|todos|todas|com|de)\b.+)",
            "{v} {x}",
        ),
        phrasing(4.6, r"^(?:[-*•] )?(?P<v>" + _PART + r") (?P<x>(?:o|a|os|as|um|uma) .+)", "{v} {x}"),
        phrasing(
            4.5,
            r"(?:^|[,;:–—] )(?P<s>" + _NOT_ABOUT + r"[^,;]+?) (?:já )?(?:foi|foram)" + _SOFT + r" (?P<v>" + _PART + ")",
            "{s} {v}",
            1,
        ),
        phrasing(
            4.3,
            r"^(?:[-*•] )?(?P<s>" + _NOT_ABOUT + r"[^,;]+?) (?:já )?(?:está|estão)" + _SOFT + r" (?P<v>" + _PART + ")",
            "{s} {v}",
            1,
        ),
        phrasing(
            4.2,
            r"(?:\bsegue(?:m)?(?: (?:em anexo|anexo|anexa|abaixo))*|\bem anexo,? (?:segue|seguem|envio|encontra"
            r"|encontrará|está|estão)?|\b(?:envio|enviamos|anexo|anexei)(?:-lhe)?(?: (?:em anexo|anexo))?"
            r"|\blhe (?:envio|enviei|mando)) (?P<x>.+)",
            "Enviado {x}",
        ),
        phrasing(4, r"(?:^|[,;:–—] )para (?P<v>\w+(?:ar|er|ir|or)) (?P<x>[^,]+),", "Explicado como {v} {x}"),
        phrasing(3.9, r"\bcomo (?P<v>\w+(?:ar|er|ir)) (?P<x>.+)", "Explicado como {v} {x}"),
        phrasing(
            3.8,
            r"\b(?:pode|podes|podem|poderá|é possível)(?: (?:agora|já|também|facilmente|sempre"
            r"|simplesmente))* (?!contactar|contatar)(?P<v>\w+(?:ar|er|ir))"
            r" (?P<x>.+?)(?= (?:em|no|na|através|clicando|por meio|pelo|pela|com|\w+ando|\w+endo|\w+indo)\b|[.,;?]"
            r"|$)",
            "Explicado como {v} {x}",
        ),
        asking(
            3.9,
            r"\b(?:poderia|pode|poderiam|podem|podia)(?: (?:por favor|nos|me|você))* (?:enviar|informar|fornecer"
            r"|mandar|indicar|compartilhar|encaminhar|passar|confirmar|dizer)"
            r"(?:-nos|-me)?(?: por favor)? (?P<x>.+)",
            "Solicitado {x}",
        ),
        asking(
            3.5,
            r"\b(?:precisamos|preciso|envie|informe|encaminhe)(?:-nos|-me)?(?: (?:de|do|da|dos|das"
            r"|por favor))* (?P<x>.+)",
            "Solicitado {x}",
        ),
        phrasing(3.3, r"\bcausa (?:do \w+ |da \w+ )?(?:era|foi|é) (?P<x>.+)", "Identificado {x} como causa"),
        phrasing(
            3.2,
            r"\b(?:vamos|vou|iremos|irei) (?!entrar|ficar|retornar|voltar)(?P<v>\w+(?:ar|er|ir)) (?P<x>.+)",
            "{v} {x}",
        ),
        asking(3.1, r"\b(?:poderia|pode|podia) (?P<v>\w+(?:ar|er|ir)) (?P<x>.+)", "Solicitado {v} {x}"),
        phrasing(3, r"\bpor favor,? (?!(?:não|se|avise|entre|conte)\w*\b)(?P<v>\w+) (?P<x>.+)", "Indicado que {v} {x}"),
        phrasing(
            3,
            r"\b(?:recomendo|recomendamos|aconselhamos|sugerimos|sugiro)(?: a)? (?P<v>\w+(?:ar|er|ir)) (?P<x>.+)",
            "Recomendado {v} {x}",
        ),
        asking(
            2.8,
            r"\bqual (?:é )?(?P<x>[\w -]+?) (?:você |está |que )*(?:usa|utiliza|usando|utilizando)\b",
            "Perguntado sobre {x}",
        ),
        phrasing(
            2.5,
            r"^(?:infelizmente,? )?(?P<s>" + _NOT_ABOUT + r"[^,]+?) (?P<v>(?:já )?não (?:está|é|funciona) ?\w*)",
            "{s} {v}",
            2,
        ),
    ),
)
