"""Spanish."""

from __future__ import annotations

from plugin_server.notes.languages.base import Language, asking, pattern, phrasing, whole, words

_SOFT = r"(?: (?:ya|también|ahora|además|por fin|correctamente|hoy|le|les|te))*"
_NOT_ABOUT = r"(?!(?:esto|eso|todo|ello|lo|si|cuando|que|como|una vez|después|su (?:solicitud|mensaje|consulta)) )"
_PART = (
    r"[a-záéíóúñ]+(?:ado|ido|ada|ida|ados|idos|adas|idas|uelto|uelta|ueltos|ueltas|ito|ita|cho|cha|bierto"
    r"|bierta|puesto|puesta)"
)
_PAST = (
    r"(?P<v>(?!(?:esperamos|estamos|vamos|quedamos|lamentamos|agradecemos|agradecí|necesitamos|podemos|tenemos"
    r"|sentimos|además|así|aquí|sí|mí|allí"
    r"|hablamos|recibí|recibimos|rogamos|deseamos|pedimos|estaré|confirmamos|adjuntamos|enviaré|daré|haré|seguimos"
    r"|somos|hemos|informamos)\b)"
    r"[a-záéíóúñ]{3,}(?:é|í|amos|imos))"
)

SPANISH = Language(
    code="es",
    common=words(
        "el la los las un una unos unas de del y o pero no es son era fue ser estar está están ha han he hemos yo"
        " usted"
        " ustedes nosotros su sus nuestro nuestra mi tu que quien en con por para a al se le les lo me nos este"
        " esta estos"
        " estas eso esto si como más muy ya también cuando donde puede pueden hay sin sobre desde hasta"
    ),
    works=words(
        "aclarado informado programado asistido recomendado sugerido verificado tramitado documentado "
        "coordinado reparado renovado preguntado por cómo facilitado restaurado "
        "corregido explicado respondido revisado enviado solicitado configurado actualizado probado restablecido"
        " reiniciado instalado añadido eliminado modificado creado analizado resuelto indicado aconsejado"
        " identificado como"
        " causa cómo que corrección explicación respuesta revisión envío solicitud configuración actualización"
        " restablecimiento reinicio instalación análisis problema error consulta contraseña acceso cuenta cliente"
        " servidor"
        " web factura correo soporte ayuda resolución activado desactivado desbloqueado ajustado comprobado"
        " verificado"
    ),
    left_out=words("su sus tu tus nuestro nuestra nuestros nuestras mi ya también ahora correctamente"),
    spared=words("el la los las un una unos unas este esta"),
    joints=words("en con por para a al de del y o desde hasta sobre sin tras según mediante vía entre ante"),
    adds=words("y e o u"),
    breaks=pattern(
        r"[,;:()…–—]| - |\b(?:porque|ya que|que|cuando|si|pero|aunque|donde|así|mientras|pues)\b|\bpara (?:que"
        r"|usted|ustedes|ti)\b"
        r"|\by [^,;]*?\b(?:está|están|es|son|funciona|funcionan|puede|pueden|ha|han|vuelve|vuelven)\b|\by (?:le"
        r"|les|nos|yo|usted|todo|ahora|ya|se|hemos|he|podrá|puede|debería)\b"
    ),
    greets=pattern(
        r"(?:hola|buenos días|buenas tardes|buenas noches|buen día|buenas|estimad[oa]s?|querid[oa]s?"
        r"|apreciad[oa]s?)\b"
        r"(?: (?:a todos|todos|todas|equipo|y|señor(?:a|es)?|sr\.?|sra\.?|don|doña|cliente|clientes|amig[oa]s?"
        r"|de nuevo|(?-i:[A-ZÁÉÍÓÚÑ][\w'’.-]*))){0,6}"
    ),
    closes=whole(
        r"(?:(?:un )?(?:cordial(?:es)?|atentos?|afectuosos?|cálidos?) saludos?|saludos(?: cordiales| atentamente)?"
        r"|un (?:cordial )?(?:saludo|abrazo)"
        r"|atentamente|cordialmente|(?:muchas )?gracias(?: (?:de antemano|y .*|por .*))?|quedo a .*|quedamos a .*"
        r"|que tenga .*)"
    ),
    says_nothing=pattern(
        r"\bgracias\b|\bagrade[cz]|\bespero que\b|\besperamos\b|\bno dude\b|\ba (?:su|tu) disposición\b|\bdisculp"
        r"|\blament|\blo sentimos\b"
        r"|\bsentimos\b|\bpaciencia\b|\bcomprensión\b|\bmantendremos (?:informad|al tanto)|\bbuen día\b|\bun saludo\b"
        r"|\b(?:recibid|recibimos|recibí).*(?:mensaje|solicitud|correo|consulta)\b|\bcualquier (?:otra )?(?:duda"
        r"|pregunta|consulta)\b|\bquedamos\b|\bquedo\b"
        r"|\bmolestias\b|\bcon (?:mucho )?gusto\b|\bde nada\b|\bavísenos\b|\bháganos saber\b"
        r"|\bnos pondremos en contacto\b"
    ),
    states=words(
        "caducada caducado incorrecta inválida válida antigua nueva débil segura perdida desconocida temporal "
        "demasiado corta larga vacía obligatoria necesaria errónea igual"
    ),
    negations=words("no nunca jamás tampoco sin ni ningún ninguna nada"),
    numbers=words("dos tres cuatro cinco seis siete ocho nueve diez once doce veinte treinta cien mil"),
    deeds=words(
        "instalado añadido eliminado creado instalación activado desactivado desbloqueado bloqueado rechazado "
        "cancelado borrado"
    ),
    determiners=words("el la los las un una su sus tu tus nuestro nuestra este esta"),
    asked="Preguntado por {x}",
    unreal=pattern(
        r"(?:^|(?<=[ ,;¿]))(?:(?:si|en cuanto|una vez que|cuando)\b[^,;.]*(?:[,;.]|$)|"
        r"(?:usted |tú )?(?:escribió|escribiste|dijo|dijiste|indicó|nos dice|dice) que [^;.]*(?:[;.]|$))"
    ),
    fillers=pattern(r"^(?:lamentablemente|por desgracia|como (?:acordamos|hablamos)[^,]*),? "),
    phrasings=(
        phrasing(
            5,
            r"\b(?:(?:le |les |te |lo |se )?(?:he|hemos))"
            + _SOFT
            + r" (?P<v>(?!recibido\b|podido\b|tenido\b|visto\b|estado\b)"
            + _PART
            + r")(?: (?P<x>.+)|$)",
            "{v} {x}",
        ),
        phrasing(
            4.9,
            r"(?:^|[,;:–—] |\b(?:y|que) )(?:[-*•] )?(?:ayer |hoy |ya |también |yo |nosotros )*"
            + _PAST
            + r" (?P<x>(?:el|la|los|las|un|una|su|sus|al|a|todos|todas|de nuevo)\b.+)",
            "{v} {x}",
        ),
        phrasing(4.6, r"^(?:[-*•] )?(?P<v>" + _PART + r") (?P<x>(?:el|la|los|las|un|una) .+)", "{v} {x}"),
        phrasing(
            4.5,
            r"(?:^|[,;:–—] )(?P<s>"
            + _NOT_ABOUT
            + r"[^,;]+?) (?:ha sido|han sido|fue|fueron)"
            + _SOFT
            + r" (?P<v>"
            + _PART
            + ")",
            "{s} {v}",
            1,
        ),
        phrasing(4.4, r"\bse (?:ha|han) (?P<v>" + _PART + r") (?P<x>.+)", "{v} {x}"),
        phrasing(
            4.3,
            r"^(?:[-*•] )?(?P<s>"
            + _NOT_ABOUT
            + r"[^,;]+?) (?:está|están|queda|quedan|quedó|quedaron)"
            + _SOFT
            + r"(?: \w+mente)? (?P<v>"
            + _PART
            + ")",
            "{s} {v}",
            1,
        ),
        phrasing(
            4.2,
            r"(?:\badjunt[oa]s?(?: (?:encontrará|encontrarás|le envío|te envío|les envío|a este correo|le remito"
            r"|tiene|va))*|\ben el (?:archivo )?adjunto (?:encontrará|tiene|va)"
            r"|\b(?:le|les|te) (?:envío|enviamos|mando|remito|adjunto|adjuntamos"
            r"|hago llegar)(?: adjunt[oa]s?)?) (?P<x>.+)",
            "Enviado {x}",
        ),
        phrasing(4, r"(?:^|[,;:–—] )para (?P<v>\w+(?:ar|er|ir)) (?P<x>[^,]+),", "Explicado cómo {v} {x}"),
        phrasing(3.9, r"\bcómo (?P<v>\w+(?:ar|er|ir)) (?P<x>.+)", "Explicado cómo {v} {x}"),
        phrasing(
            3.8,
            r"\b(?:puede|puedes|pueden|podrá|es posible)(?: (?:ahora|ya|también|fácilmente|siempre"
            r"|simplemente))* (?!contactar)(?P<v>\w+(?:ar|er|ir))"
            r" (?P<x>.+?)(?= (?:desde|en|mediante|haciendo|a través|por medio|con|pulsando|\w+ando|\w+iendo)\b"
            r"|[.,;?]|$)",
            "Explicado cómo {v} {x}",
        ),
        asking(
            3.9,
            r"\b(?:podría|puede|podrías|puedes|podrían|sería posible|sería tan amable de)(?: (?:usted"
            r"|por favor))* (?:nos |me )?"
            r"(?:enviar|indicar|facilitar|proporcionar|mandar|compartir|pasar|confirmar|decir|remitir)(?:nos"
            r"|me)?(?: por favor,?)? (?P<x>.+)",
            "Solicitado {x}",
        ),
        asking(
            3.5,
            r"\b(?:envíe|indíque|facilíte|mánde|proporcióne|necesitamos|necesito)(?:nos"
            r"|me)?(?: por favor)? (?P<x>.+)",
            "Solicitado {x}",
        ),
        phrasing(3.4, r"\bse deb(?:e|ía|ió) a (?P<x>.+)", "Identificado {x} como causa"),
        phrasing(3.3, r"\bcausa (?:del \w+ |de la \w+ )?(?:era|fue|es) (?P<x>.+)", "Identificado {x} como causa"),
        phrasing(3.2, r"\b(?:vamos a|voy a|procederemos a) (?P<v>\w+(?:ar|er|ir)) (?P<x>.+)", "{v} {x}"),
        asking(3.1, r"\b(?:podría|puede|podrías|puedes) (?P<v>\w+(?:ar|er|ir)) (?P<x>.+)", "Solicitado {v} {x}"),
        phrasing(3, r"\bpor favor,? (?!(?:no|si|avís|hága|conta)\w*\b)(?P<v>\w+) (?P<x>.+)", "Indicado que {v} {x}"),
        phrasing(
            3,
            r"\b(?:le |les |te )?(?:recomiendo|recomendamos|aconsejo|aconsejamos|sugerimos|sugiero) (?P<v>\w+(?:ar"
            r"|er|ir)) (?P<x>.+)",
            "Recomendado {v} {x}",
        ),
        asking(2.8, r"\bqué (?P<x>[\w -]+?) (?:usa|utiliza|tiene|está|estás|usas)\b", "Preguntado por {x}"),
        phrasing(
            2.5,
            r"^(?:lamentablemente,? )?(?P<s>" + _NOT_ABOUT + r"[^,]+?) (?P<v>(?:ya )?no (?:está|es|funciona|se) ?\w*)",
            "{s} {v}",
            2,
        ),
    ),
)
