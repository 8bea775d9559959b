"""What tells a secret, a person or a place is cut, in the ways people write it."""

from __future__ import annotations

import pytest

from plugin_server.notes import offline
from plugin_server.notes.cutting import cut
from plugin_server.notes.languages import told_by

SECRET = "Blue-Fox-42"


@pytest.mark.parametrize(
    "text",
    [
        "Das neue Passwort lautet: {}",
        "A sua palavra-passe é: {}",
        "Su contraseña temporal es: {}",
        "Your new password is:\n\n{}\n\nPlease change it.",
        "I set the password to {}.",
        "Ich habe das Passwort auf {} gesetzt.",
        "J'ai changé le mot de passe en {}.",
        "He cambiado la contraseña a {}.",
        "I reset the password ({}) for the account.",
        "The temporary password “{}” must be changed.",
        "Password - {}",
        "Your temporary password for the portal is {}.",
        "Password was {} before.",
        "Das Initialpasswort lautet {}.",
        "Het beheerderswachtwoord is {}.",
        "PW: {}",
        "Passwords: Summer and {}",
        "Password: Summer or {}",
        "Login: anna / {}",
        "Ihre Zugangsdaten: anna.m / {}",
        '{{"password":"{}"}} is in the file.',
        "I ran curl -u anna:{} to test.",
        "Authorization: Bearer {} was set.",
        "You can log in with anna and {} now.",
    ],
)
def test_a_password_leaves_in_no_wording(text: str) -> None:
    left = cut(text.format(SECRET))
    assert "Fox" not in left.text
    assert "Fox" not in (offline.make(left, told_by(left.text)) or "")


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Your password is hunter.", "hunter"),
        ("The password is now correcthorse", "correcthorse"),
        ("The passphrase is correct horse battery staple.", "battery"),
        ("Password: correct horse battery staple", "horse"),
        ("PIN 4711 activated.", "4711"),
        ("Your recovery codes: 8f3a-22bc 9d1e-77aa", "9d1e"),
        ("Licence KXWQZ-PLMNB-QWERT-ASDFG activated", "PLMNB"),
    ],
)
def test_a_secret_that_looks_like_any_word_is_cut(text: str, gone: str) -> None:
    assert gone not in cut(text).text


@pytest.mark.parametrize(
    "text",
    [
        "I reset your password.",
        "The password policy was explained.",
        "Your password is expired.",
        "Ihr Passwort ist abgelaufen.",
        "The key is to restart it.",
        "He restablecido la contraseña del usuario.",
    ],
)
def test_ordinary_talk_of_passwords_stays(text: str) -> None:
    assert cut(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "Jane Roe wrote:\nOld history",
        "Jana Roth schrieb am 3.11.2026:\nOld history",
        "Jana Roos schreef op 3-11-2026 16:12:\nOld history",
        "2026-11-03 16:12 GMT+01:00 Jane Roe <jane@example.com>:\nOld history",
        "Begin forwarded message:\n\nOld history",
        "Anfang der weitergeleiteten Nachricht:\n\nOld history",
        "Cdlt,\nJeanne Roi",
        "Belle journée,\nJeanne Roi",
        "Talk soon,\nJane Roe",
        "Rgds\nJane Roe",
        "Best regards, Jane Mary van der Roe",
        "Mit freundlichen Grüßen aus dem sonnigen Köln\nJana Roth",
        "/Jane",
        "- Jane Roe",
        "— Jane Roe, Acorn",
        "Tom Becker\nAcorn GmbH\nHauptstraße 5\n10115 Berlin",
    ],
)
def test_what_follows_a_reply_is_cut(text: str) -> None:
    assert cut(f"I restored the mailbox.\n\n{text}").sentences == ("I restored the mailbox.",)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("I told Mrs. van der Berg about it.", "Berg"),
        ("Ich habe mit Hr. Schmidt telefoniert.", "Schmidt"),
        ("Ich habe Frau Dr. Anna Meier-Lüdenscheid angerufen.", "denscheid"),
        ("J'ai expliqué à M. Dupont la procédure.", "Dupont"),
        ("Ho spiegato al Sig. Rossi come fare.", "Rossi"),
        ("Expliqué a D. Juan y a la Dra. Costa cómo hacerlo.", "Costa"),
        ("Olá, João,\nJá corrigi o acesso do João.", "João"),
        ("Anna,\nI fixed the account for Anna.", "Anna"),
        ("Sent to 221B Baker Street, London NW1 6XE.", "Baker"),
        ("Adresse auf Unter den Linden 77 geändert.", "Linden"),
        ("Adresse auf Am Alten Markt 3 a geändert.", "Markt"),
        ("Adresse auf Goethe-Straße 12 geändert.", "Goethe"),
        ("Adresse auf Berliner Str. 12 geändert.", "Berliner"),
        ("Adres gewijzigd: Keizersgracht 123, 1015 CJ.", "Keizers"),
        ("Adresse : 12 bis, rue de la Paix, 75002 Paris.", "Paix"),
        ("Adresse : 5 quai Voltaire.", "Voltaire"),
        ("Dirección: Paseo de Gracia 12.", "Gracia"),
        ("Endereço: R. das Flores 22.", "Flores"),
        ("Ship to PO Box 123.", "123"),
        ("Call 415–555–2671 now.", "2671"),
        ("Call 415·555·2671 now.", "2671"),
        ("Card 4111,1111,1111,1111 was charged.", "1111"),
        ("Konto 12'345'678 korrigiert.", "345"),
        ("Account 1 2 3 4 5 6 corrected.", "3 4"),
        ("Blocked 2001:db8:85a3::8a2e:370:7334 there.", "8a2e"),
        ("See shop.acme.app/x for it.", "acme"),
        ("Restarted srv-db01.corp.lan today.", "corp"),
        ("Created root@localhost there.", "root"),
        ("Wrote to anna (at) acme (dot) com today.", "acme"),
        (r"Moved C:\Users\anna.mueller\file.docx back.", "anna"),
        (r"Moved \\srv01\share\Anna Roe\file.xlsx back.", "Roe"),
        ("Fixed rights of /home/anna.miller/.ssh there.", "anna"),
    ],
)
def test_people_and_places_are_cut(text: str, gone: str) -> None:
    assert gone not in cut(text).text


@pytest.mark.parametrize(
    ("text", "agent", "note"),
    [
        ("I fixed the layout of the page and sent the bill.", "Bill Page", "Fixed layout of page and sent bill"),
        ("Hi Mark,\nI have set the mark on the invoice.", "Grant Price", "Set mark on invoice"),
    ],
)
def test_a_name_that_is_a_word_takes_no_word(text: str, agent: str, note: str) -> None:
    left = cut(text, agent)
    assert offline.make(left, told_by(left.text)) == note
