"""Ordinary replies and the notes that one would want on an invoice."""

from __future__ import annotations

import pytest

from plugin_server.notes import offline
from plugin_server.notes.cutting import cut
from plugin_server.notes.languages import told_by


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (
            "Hi Anna,\nI have renewed the certificate of the mail server.\nBest, Tom",
            "Renewed certificate of mail server",
        ),
        ("I've moved the shared calendar to the new server.", "Moved shared calendar to new server"),
        ("We restored the deleted invoices from the backup.", "Restored deleted invoices from backup"),
        ("The printer on the second floor was replaced.", "Replaced printer on second floor"),
        ("Could you send us the log file of the import?", "Requested log file of import"),
        ("Have you cleared the browser cache?", "Asked about browser cache"),
        ("Unfortunately, I could not reproduce the error.", "I could not reproduce error"),
        ("I increased the mailbox quota to 50 GB.", "Increased mailbox quota to 50 GB"),
        ("Your new password is Blue-Fox-42. I reset it today.", "Reset new password"),
        ("I corrected the tax rate in the shop and tested it.", "Corrected tax rate in shop and tested"),
        ("Hallo Frau Roth,\nich habe den Drucker neu eingerichtet.\nGrüße\nTom", "Drucker neu eingerichtet"),
        ("Wir haben die Datensicherung wiederhergestellt.", "Datensicherung wiederhergestellt"),
        ("Die Rechnung wurde korrigiert und neu versendet.", "Rechnung korrigiert"),
        ("Anbei die Anleitung zum Einrichten der App.", "Anleitung zum Einrichten der App gesendet"),
        ("Leider kann ich den Fehler nicht nachstellen.", "Fehler nicht nachstellen"),
        ("Haben Sie den Browser aktualisiert?", "Nach Browser gefragt"),
        ("Hab dir den Zugriff auf den Ordner Vertrieb eingerichtet.", "Zugriff auf den Ordner Vertrieb eingerichtet"),
        ("Der Server hing, ich habe ihn neu gestartet.", "Server neu gestartet"),
        ("Ich habe das Postfach noch nicht verschoben.", "Postfach noch nicht verschoben"),
        ("Bitte senden Sie uns einen Screenshot der Fehlermeldung.", "Screenshot der Fehlermeldung angefragt"),
        ("Bonjour,\nj'ai corrigé l'adresse de facturation.\nCdlt", "Corrigé l'adresse de facturation"),
        ("Nous avons rétabli la connexion au serveur.", "Rétabli la connexion au serveur"),
        ("Le certificat a été renouvelé.", "Certificat renouvelé"),
        ("Pouvez-vous nous envoyer une capture d'écran ?", "Demandé une capture d'écran"),
        ("Votre imprimante n'est plus sous garantie.", "Imprimante n'est plus sous garantie"),
        ("Je n'ai pas supprimé le compte.", "Je n'ai pas supprimé le compte"),
        ("Avez-vous redémarré le poste ?", "Demandé des précisions sur poste"),
        ("J'ai ajouté les droits sur le dossier partagé.", "Ajouté les droits sur le dossier partagé"),
        ("He restablecido la contraseña del correo.", "Restablecido la contraseña del correo"),
        ("No he borrado la cuenta.", "No he borrado la cuenta"),
        ("Hemos actualizado el certificado de la tienda.", "Actualizado el certificado de la tienda"),
        ("El error se debía a un disco lleno.", "Identificado un disco lleno como causa"),
        ("¿Podría enviarnos el registro de errores?", "Solicitado el registro de errores"),
        ("¿Ha reiniciado el router?", "Preguntado por router"),
        ("Ik heb het wachtwoord van de mailbox gereset.", "Wachtwoord van de mailbox gereset"),
        ("De printer is weer bereikbaar gemaakt.", "Printer bereikbaar gemaakt"),
        ("We hebben de licentie verlengd.", "Licentie verlengd"),
        ("Kunt u ons het logbestand sturen?", "Gevraagd naar logbestand"),
        ("Ik heb de factuur niet verstuurd.", "Factuur niet verstuurd"),
    ],
)
def test_a_reply_becomes_a_note_for_an_invoice(text: str, note: str) -> None:
    left = cut(text, "Ada Agent")
    assert offline.make(left, told_by(left.text)) == note
