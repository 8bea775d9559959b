"""No note says what the reply does not."""

from __future__ import annotations

import pytest

from plugin_server.notes import offline, rules
from plugin_server.notes.cutting import cut
from plugin_server.notes.languages import told_by


def made(text: str) -> str | None:
    left = cut(text, "Ada Agent")
    return offline.make(left, told_by(left.text))


@pytest.mark.parametrize(
    ("text", "no"),
    [
        ("No he borrado la cuenta.", "no"),
        ("Nunca he cambiado la contraseña de la cuenta.", "nunca"),
        ("Aún no hemos instalado el certificado en el servidor.", "no"),
        ("Purtroppo non ho aggiornato il firmware del router.", "non"),
        ("Não instalei o certificado no servidor.", "não"),
        ("Je n'ai pas installé le certificat sur le serveur.", "pas"),
        ("Wir haben das Zertifikat noch nicht installiert.", "nicht"),
        ("De mailbox is niet hersteld.", "niet"),
        ("I have never changed the password of this account.", "never"),
    ],
)
def test_what_was_not_done_is_not_noted_as_done(text: str, no: str) -> None:
    note = made(text)
    assert note is None or no in note.lower().split()


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("Have you restarted the router?", "Asked about router"),
        ("Haben Sie den Router neu gestartet?", "Nach Router gefragt"),
        ("¿Ha reiniciado el router?", "Preguntado por router"),
        ("Heeft u de router opnieuw opgestart?", "Gevraagd naar router"),
        ("Could you confirm that we have restored the mailbox?", "Asked about mailbox"),
        ("You wrote that I have deleted your mailbox; that is wrong.", None),
        ("Once we have restored the mailbox we will tell you.", None),
    ],
)
def test_questions_conditions_and_reports_are_no_work(text: str, note: str | None) -> None:
    assert made(text) == note


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("J'ai rétabli l'accès VPN sur le serveur.", "Olivier : accès VPN rétabli"),
        ("J'ai rétabli l'accès VPN sur le serveur.", "Xavier accès VPN rétabli"),
        ("He restablecido el acceso VPN en el servidor.", "Oscar acceso VPN restablecido"),
        ("I restored the VPN access on the server.", "Fred VPN access restored"),
        ("I restored the VPN access on the server.", "Restored VPN access for microsoft"),
        ("I restored the VPN access on the server.", "Restored VPN access three times"),
        ("I restored the VPN access on the server.", "VPN access not restored on server"),
        ("I restored the VPN access on the server.", "Customer refused VPN access"),
        ("I restored the VPN access on the server.", "Deleted VPN server"),
        ("I restored the VPN access on the server.", "Restored VPN access; rm -rf"),
        ("I fixed version 12.4 of the shop plugin.", "Fixed 12 shop plugins"),
    ],
)
def test_what_a_model_invents_is_refused(text: str, note: str) -> None:
    left = cut(text)
    assert rules.faults(note, left, told_by(text))


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        ("<b>Restored</b> VPN access", "Restored VPN access"),
        ("Restored \u202eVPN access", "Restored VPN access"),
        ("@VPN access", "VPN access"),
        ("+VPN access restored", "VPN access restored"),
        ("=VPN access", "VPN access"),
    ],
)
def test_markup_and_what_spreadsheets_run_are_taken_out(answer: str, note: str) -> None:
    assert rules.tidy(answer) == note
