"""What in a sentence tells who or where somebody is: addresses, numbers, people. Pure decisions, no I/O."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from plugin_server.notes.languages import LANGUAGES
from plugin_server.notes.languages.base import words

HOLE = "…"

_ADDRESSES = re.compile(
    r"\b(?:[a-z][a-z0-9+.-]{1,15}|hxxps?)://\S+|\b(?:mailto|tel):\S+|\"[^\"\n]{1,60}\"@\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)*"
    r"|[\w.+-]+\s*[(\[]\s*(?:at|ät)\s*[)\]]\s*\S+(?:\s*[(\[]\s*(?:dot|punkt)\s*[)\]]\s*\w+)*"
    r"|\b[\w.+-]+ at [\w-]+(?: dot \w{2,})+"
    r"|\b[\w-]+(?:\.[\w-]+)*\[\.\]\S+"
    # A name with a dot inside: "e.g." has one letter each, and a version no two letters behind its dot.
    r"|\b(?=[\w.-]*[^\W\d_]{2})[\w-]{2,}(?:\.[\w-]+)*\.[^\W\d_]{2,}(?::\d{1,5})?(?:[/?][^\s,;]*)?"
    r"|\blocalhost(?::\d+)?(?:/\S*)?"
    r"|\b(?:\d{1,3}\.){3}\d{1,3}\b"
    r"|\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b|(?<![\w:])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])"
    # Paths; a blank may be in them, where a backslash still follows.
    r"|(?:\\\\|\b[a-z]:\\)(?:[^\\\n,;]{1,60}\\)*[^\s\\,;]*|(?<![\w/])~?/(?:[\w.@-]+/)+[\w.@-]*",
    re.IGNORECASE,
)
_NO_ADDRESS = re.compile(
    r"(?:node|vue|next|react|express|three|d3|asp|ado|vb)\.(?:js|net)|.*\.(?:pdf|csv|xml|docx?|xlsx?|json|zip|png|jpe?g|txt|log|ini|conf|ya?ml|php"
    r"|html?|css|js|py|exe|msi|dll|sql|pst|ics)",
    re.IGNORECASE,
)

_CAPITAL = r"[A-ZÀ-Þ]"
_NAME = rf"{_CAPITAL}[\w'’.-]*"
_PLACE = (
    rf"(?:,?\s+(?:in\s+|à\s+|te\s+)?(?:[A-Z]{{1,2}}-)?\d{{4,5}}(?:-\d{{3}})?(?:\s?[A-Z]{{2}}\b)?(?:\s+{_NAME})?"
    rf"|,\s*{_NAME}(?:\s{_NAME}){{0,2}}(?:,?\s+[A-Z0-9]{{2,4}}(?:\s[A-Z0-9]{{3,5}})?)?)?"
)
_HOUSE = r"\d{1,5}(?:\s?-?\s?[a-zA-Z]\b|\s?bis\b|\s?ter\b)?"
_STREETS = re.compile(
    # The number behind: Goethe-Straße 12, Unter den Linden 77, Keizersgracht 123, Am Alten Markt 3 a
    rf"\b(?:{_CAPITAL}[\wß.-]*\s)?{_CAPITAL}?[\wß.-]*(?i:straße|strasse|str\.|gasse|allee|platz|weg|ring|damm|ufer|laan|straat|plein"
    rf"|kade|gracht|singel|dijk|steeg|markt)\s+{_HOUSE}{_PLACE}"
    rf"|\b(?:Unter den|An der|An den|Auf der|Auf dem|Am|Im|Zum|Zur|Hinter der|Aan de"
    rf"|Op de)\s(?:{_CAPITAL}[\wäöüß-]+\s){{1,2}}{_HOUSE}(?![.,:]?\d){_PLACE}"
    # The number before: 221B Baker Street, 12 bis, rue de la Paix
    rf"|\b{_HOUSE},?\s+(?:rue|avenue|boulevard|impasse|place|chemin|allée|quai|cours|square|route|passage)\s[^,.\n]{{2,40}}{_PLACE}"
    rf"|\b(?:(?:Flat|Apt\.?|Unit|Suite)\s\w+,\s*)?(?:\d{{1,5}}[A-Z]?|{_NAME}\s(?:Cottage|House)),?\s+(?:{_NAME}\s){{1,3}}(?:Street|St|Road|Rd|Avenue|Ave|Lane"
    rf"|Ln|Drive|Dr|Boulevard|Blvd|Court|Way|Terrace|Close|Square|Place|Crescent|Gardens|Row|Hill)\b\.?{_PLACE}"
    # Romance: Calle de Alcalá, 45; R. das Flores 22; Corso Vittorio Emanuele II 4
    rf"|\b(?:[Cc]alle|[Cc]/|[Pp]aseo|[Vv]ia|[Vv]iale|[Cc]orso|[Ll]argo|[Pp]iazza|[Rr]ua|R\.|[Tt]ravessa|[Aa]venida|[Aa]v(?:da)?\.|[Pp]laza|[Pp]raça|[Rr]onda)\s+"
    rf"(?:{_NAME}\s?|d[aeo]s?\s|del\s|della\s|dei\s){{1,5}},?\s*(?:n\.?[ºo°]?\s*)?{_HOUSE}{_PLACE}"
    rf"|\b(?:P\.?\s?O\.? Box|Postfach|Postbus|Apartado|Casella Postale|Boîte Postale)\s+\d+{_PLACE}"
)

_JOINED = re.compile(r"(?<=\d)[\s·'’,_./()–—‐‑‒―-]{1,3}(?=[(]?\d)")
"""What people put between the digits of one number."""

_NUMBERS = re.compile(
    r"\b[A-Za-z]{2}\d{2}(?:\s?[A-Za-z0-9]{4}){3,7}(?:\s?[A-Za-z0-9]{1,3})?\b|\b[A-Z]{2}(?: \d\d){3} [A-Z]\b"
    r"|(?:\b[A-Z]{1,5}-)?(?:\+|\b00|\()?\d(?:[\s·'’,_./()–—‐‑‒―-]{0,3}\d){4,}|\b\w{0,40}?\d{5,}\w{0,40}"
    r"|\b(?:BIC|SWIFT):?\s+[A-Za-z0-9]{8,11}\b|\b[A-Z]{6}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]\b",
    re.IGNORECASE,
)
_DAY = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}(?:[ T]\d\d)?")
_BORN = re.compile(
    r"\b(?:born|geboren|geb\.|née?|nacid[oa]|nat[oa]|nascid[oa]|date of birth|dob"
    r"|geburtsdatum)(?: (?:on|am|le|el|il|em|op))?:?\s+[\d./-]{6,10}",
    re.IGNORECASE,
)
_TITLES = (
    r"Mr|Mrs|Ms|Miss|Dr|Prof|Herrn?|Hr|Hrn|Frau|Fr|Mme|Mlle|M(?=\.)|Monsieur|Madame|Sr|Sra|Srta|Señora?|Don|Doña|D(?=\.)|Dña|Dra?"
    r"|Dhr|Mevr|Mevrouw|Meneer|Mw|Sig|Sig\.ra|Sig\.na|Signora?|Dott(?:\.ssa)?|Dottor(?:essa)?|Ing|Avv|Senhora?|Dona"
)
PERSON = re.compile(
    rf"\b(?:{_TITLES})\.?\s+(?:(?:Dr|Prof|Dipl|Ing|van|von|vom|zu|ter|ten|de|der|den|da|di|del|la|La|Le|dos|das)\.?[\s-]+)*"
    rf"(?:{_CAPITAL}\.\s?)*{_CAPITAL}[\w'’-]+(?:\s+(?:(?:van|von|de|der|den|da|dos|di)\s)*{_CAPITAL}[a-zß-ÿ][\w'’-]*)*"
)
"""Who is called Mr, Frau, Mme …, with the name. Looked for before sentences are told: the dot of "Mrs." ends none."""

_DETERMINERS = frozenset().union(*(language.determiners for language in LANGUAGES)) - {"a", "de"}
"""Words after which a word is none's name; "a" and "de" are prepositions elsewhere ("a García", "de Dupont")."""

_ORDINARY = frozenset().union(*(language.common | language.works for language in LANGUAGES))
_NO_NAMES = words(
    "sir madam all team everyone everybody there again both support service help desk damen herren "
    "zusammen alle kunde kundin madame monsieur tous toutes équipe señor señora señores todos equipo "
    "cliente heer mevrouw allemaal collega iedereen signori tutti gentile senhor senhora equipe equipa "
    "customer kundenservice hotline info office technik vertrieb frau herr herrn familie mr mrs ms dr and "
    "und et y en e or dott sig sr sra dra prof dhr mevr"
)
"""What salutations and signatures have beside names."""


def names_in(text: str) -> set[str]:
    """The names of a salutation or signature, in lower case."""
    return {
        word.lower()
        for word in re.findall(r"[^\W\d_][\w'’-]+", text)
        if word[0].isupper() and word.lower() not in _NO_NAMES
    }


def anonymous(sentence: str, names: Collection[str], typed_small: Collection[str] = ()) -> str:
    """The sentence with holes for what tells who or where somebody is.

    ``names`` go where they are written as names: with a capital, and with no article before them, so that "the page"
    stays though Bill Page signs. Those ``typed_small`` in the salutation go in small letters, too.
    """
    sentence = _BORN.sub(HOLE, _ADDRESSES.sub(_address, sentence))
    sentence = _STREETS.sub(HOLE, sentence)
    sentence = _NUMBERS.sub(lambda found: found.group() if _is_harmless(found.group()) else HOLE, sentence)
    sentence = PERSON.sub(HOLE, sentence)
    if names:
        one = rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})(?:['’]?s)?\b"
        sentence = re.sub(one, lambda found: _name(found, typed_small), sentence, flags=re.IGNORECASE)
    return re.sub(rf"(?:\s*{HOLE}[\s,]*)+", f" {HOLE} ", sentence).strip(" ,")


def _address(found: re.Match[str]) -> str:
    whole = found.group()
    dot = whole.rstrip(".")
    if _NO_ADDRESS.fullmatch(dot) and not re.search(r"[/\\@:]", dot):
        return whole
    # "finished.Then": a sentence's end without its blank.
    ends = re.fullmatch(r"[^\W\d_]+\.([A-ZÀ-Þ][a-zß-ÿ]+)", whole)
    return whole if ends and ends.group(1).lower() in _ORDINARY else HOLE


def _name(found: re.Match[str], typed_small: Collection[str]) -> str:
    word = found.group()
    before = found.string[: found.start()].split()
    last = before[-1].strip("\"'“”„«»(").lower() if before else ""
    if word[0].islower():
        bare = re.sub(r"['’]?s$", "", word)
        return HOLE if {word, bare} & set(typed_small) and last not in _DETERMINERS else word
    if last in _DETERMINERS and not word.endswith(("'s", "’s")):
        return word
    return word if not before and word.lower() in _ORDINARY else HOLE


def _is_harmless(run: str) -> bool:
    """Dates, years, versions, times and amounts say nothing about a person."""
    run = run.strip()
    if _DAY.fullmatch(run):
        return True
    if run.upper().startswith(("BIC", "SWIFT")) or any(char.isalpha() for char in re.sub(r"^[A-Za-z]+-", "", run)):
        return False
    digits = sum(char.isdigit() for char in run)
    parts = [part for part in _JOINED.split(run) if part]
    if digits < 5:
        return True
    # 8.1.3.12 is a version, 1,250.00 an amount, 12 34 a range; 1 2 3 4 5 and 555-0199 call somebody.
    return (
        digits < 7
        and len(parts) <= 4
        and set(unicodedata.normalize("NFKC", run)) <= set("0123456789.,")
        and max(map(len, parts)) < 5
    )
