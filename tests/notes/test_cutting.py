"""What is cut from a reply before anything leaves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.notes.cutting import cut


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("I sent it to max@example.com today.", "max@example.com"),
        ("See https://shop.example.com/a?b=c#d for the steps.", "example"),
        ("Call me at +49 (0)30 / 123 45-67 please.", "123"),
        ("Call 030 1234567 or 0171-2345678 for help.", "2345678"),
        ("Your customer number 123456789 was updated.", "123456789"),
        ("The IBAN DE89 3704 0044 0532 0130 00 was corrected.", "3704"),
        ("We moved it to 10.20.30.40 last night.", "10.20.30.40"),
        ("Please visit us at Musterstraße 12, 12345 Berlin for this.", "Musterstraße"),
        ("Please visit us at 12 High Street, London for this.", "High Street"),
        ("Nous sommes au 5 rue de la Paix, 75002 Paris maintenant.", "Paix"),
        ("Your new password: Sommer2024! works now.", "Sommer"),
        ("Das neue Passwort lautet Sonnenschein und gilt sofort.", "Sonnenschein"),
        ("The key is sk-abcDEF1234567890abcd, keep it.", "abcDEF"),
        ("Use the token ghp_0123456789abcdefABCDEF0123 for it.", "0123456789"),
        ("Ask Mr. Fletcher about the printer.", "Fletcher"),
        ("Fragen Sie Frau Dr. Weber nach dem Drucker.", "Weber"),
        ("-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----", "MIIabc"),
    ],
)
def test_addresses_numbers_and_secrets_are_cut(text: str, gone: str) -> None:
    assert gone not in cut(text).text


@pytest.mark.parametrize(
    "text",
    [
        "The password is expired and was reset.",
        "Updated to version 8.1.3 on 12.11.2026.",
        "The invoice of 2024 has 12 positions.",
        "Your password has been reset.",
    ],
)
def test_what_is_harmless_stays(text: str) -> None:
    assert cut(text).text == text


@pytest.mark.parametrize(
    "quoted",
    [
        "On Mon, Jan 5, 2026 at 10:00 AM Eve <eve@example.com> wrote:\nOld text",
        "Am 05.01.2026 um 10:00 schrieb Eve:\nOld text",
        "Le lun. 5 janv. 2026 à 10:00, Eve a écrit :\nOld text",
        "El lun, 5 ene 2026, Eve escribió:\nOld text",
        "Op ma 5 jan. 2026 om 10:00 schreef Eve:\nOld text",
        "Il giorno lun 5 gen 2026 Eve ha scritto:\nOld text",
        "Em seg., 5 de jan. de 2026, Eve escreveu:\nOld text",
        "-----Original Message-----\nFrom: Eve\nOld text",
        "Von: Eve\nGesendet: Montag\nBetreff: Old text",
        "> Old text",
        "-- \nEve\nOld text",
        "Kind regards\nEve\nOld text",
        "Mit freundlichen Grüßen\nEve\nOld text",
    ],
)
def test_what_was_quoted_and_signed_is_cut(quoted: str) -> None:
    left = cut(f"I fixed the printer.\n\n{quoted}")
    assert left.sentences == ("I fixed the printer.",)


def test_those_whom_salutation_and_signature_name_are_named_nowhere() -> None:
    left = cut("Hi Anna,\nI moved Anna's mailbox; Tom did the rest.\nBest regards\nTom Becker", "Ada Agent")
    assert left.names == {"anna", "tom", "becker", "ada", "agent"}
    assert "Anna" not in left.text
    assert "Tom" not in left.text


@given(st.text(max_size=400))
def test_any_text_can_be_cut(text: str) -> None:
    left = cut(text)
    assert all(sentence.strip() for sentence in left.sentences)
    assert "\x00" not in left.text
