"""Replies as agents write them, made up. For each: what the note is about (one of these at least must be in it) and
what must not be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reply:
    """A reply; ``about`` and ``never`` are in lower case."""

    language: str
    text: str
    about: tuple[str, ...]
    never: tuple[str, ...] = ()


REPLIES = (
    Reply(
        "en",
        "Hi Anna,\n\nthanks for your message. I have fixed the layout of the invoice PDF, the totals are now"
        " aligned on the"
        " right. You can download it again in the portal.\n\nBest regards,\nTom Becker\nAcorn Support\n+49 30"
        " 1234567",
        ("layout", "invoice"),
        ("anna", "tom", "thank"),
    ),
    Reply(
        "en",
        "Hello Mr. Fletcher,\n\nTo reset your VPN password, please open the self-service portal and click on “Forgot"
        " password”. The new password is valid at once.\n\nKind regards\nMia",
        ("vpn",),
        ("fletcher", "mia"),
    ),
    Reply(
        "en",
        "Hi Sam, the issue with the login page has been resolved. Our certificate had expired and we renewed it this"
        " morning. Sorry for the trouble!\nCheers, Ella",
        ("login", "certificate"),
        ("sam", "ella", "sorry"),
    ),
    Reply(
        "en",
        "Dear customer,\nCould you please send us the log files from the server and a screenshot of the error? We"
        " will then"
        " look into it.\nThank you\nSupport team",
        ("log", "screenshot"),
        ("dear", "customer", "thank"),
    ),
    Reply(
        "en",
        "Hello Priya,\n\nWe've migrated your mailbox to the new server and updated the DNS records. It may take up"
        " to 24"
        " hours until all changes are visible.\n\nRegards, Jon",
        ("mailbox",),
        ("priya", "jon"),
    ),
    Reply(
        "en",
        "Good morning,\nplease find attached the revised quote for the shop redesign. Let me know if you have any"
        " questions.\nBest, Lea",
        ("quote",),
        ("lea", "morning", "question"),
    ),
    Reply(
        "en",
        "Hi team,\nI looked into the slow exports: the cause was a missing index on the orders table. I added the"
        " index and"
        " exports are fast again.\nBen",
        ("export", "index"),
        ("ben", "team"),
    ),
    Reply(
        "en",
        "Hi Carol, I'm currently investigating why the nightly backup fails. I will get back to you"
        " tomorrow.\nBest wishes, Al",
        ("backup",),
        ("carol", "tomorrow", "get back"),
    ),
    Reply(
        "en",
        "Hello,\n\nunfortunately, exporting tickets as XML is not supported. You can export the tickets as CSV"
        " from the"
        " reports page instead.\n\nHave a great day",
        ("export", "xml", "csv"),
        ("great day",),
    ),
    Reply(
        "en",
        "Fixed the header overlap on mobile and deployed to staging. Please test.",
        ("header",),
    ),
    Reply(
        "de",
        "Sehr geehrte Frau Müller,\n\nvielen Dank für Ihre Nachricht. Um Ihr VPN-Passwort zurückzusetzen, öffnen"
        " Sie bitte das"
        " Self-Service-Portal und klicken auf „Passwort vergessen“.\n\nMit freundlichen Grüßen\nTom Becker",
        ("vpn",),
        ("müller", "dank", "becker"),
    ),
    Reply(
        "de",
        "Hallo Jonas,\n\nich habe das Layout der Rechnung angepasst und die Summen rechtsbündig ausgerichtet. Die"
        " neue Version"
        " ist schon online.\n\nViele Grüße\nAda",
        ("layout", "rechnung"),
        ("jonas", "ada", "grüße"),
    ),
    Reply(
        "de",
        "Guten Tag Herr Schmidt,\nder Fehler im Checkout wurde behoben. Bitte leeren Sie den Browser-Cache, falls"
        " die alte"
        " Ansicht noch erscheint.\nBei Rückfragen melden Sie sich gern.\nBeste Grüße aus Köln\nLisa",
        ("checkout",),
        ("schmidt", "lisa", "rückfragen"),
    ),
    Reply(
        "de",
        "Hallo zusammen,\nkönnten Sie uns bitte die Logdateien des Servers und einen Screenshot der Fehlermeldung"
        " schicken?\n"
        "Danke und viele Grüße\nMax",
        ("logdateien", "screenshot"),
        ("max", "danke"),
    ),
    Reply(
        "de",
        "Liebe Eva, wir haben Ihr Postfach auf den neuen Server umgezogen und die DNS-Einträge aktualisiert. Es"
        " kann bis zu"
        " 24 Stunden dauern, bis alles sichtbar ist. LG Ben",
        ("postfach",),
        ("eva", "ben", "liebe"),
    ),
    Reply(
        "de",
        "Moin,\nanbei finden Sie das überarbeitete Angebot für den Shop-Umbau. Ich freue mich auf Ihre"
        " Rückmeldung.\nMfg\nOle",
        ("angebot",),
        ("moin", "ole", "freue"),
    ),
    Reply(
        "de",
        "Hallo Frau Dr. Weber,\ndie Ursache war ein abgelaufenes Zertifikat auf dem Mailserver. Wir haben es"
        " erneuert, der"
        " Versand funktioniert wieder.\nMit besten Grüßen\nIhr Support-Team",
        ("zertifikat",),
        ("weber", "team"),
    ),
    Reply(
        "de",
        "Hi Paul, den Drucker habe ich neu installiert und als Standard gesetzt. Sag Bescheid, wenn es noch"
        " hakt.\nGruß, Kim",
        ("drucker",),
        ("paul", "kim", "bescheid"),
    ),
    Reply(
        "de",
        "Sehr geehrte Damen und Herren,\nstarten Sie bitte den Router neu und prüfen Sie anschließend die"
        " Verbindung.\nFreundliche"
        " Grüße",
        ("router",),
        ("damen", "herren"),
    ),
    Reply(
        "de",
        "Hallo Nina,\nwir werden das Update heute Nacht zwischen 2 und 4 Uhr einspielen. Der Shop ist in dieser"
        " Zeit nicht"
        " erreichbar.\nLiebe Grüße, Jan",
        ("update",),
        ("nina", "jan"),
    ),
    Reply(
        "fr",
        "Bonjour Claire,\n\nMerci pour votre message. J'ai corrigé la mise en page de la facture PDF, les totaux sont"
        " maintenant alignés.\n\nCordialement,\nPaul Martin",
        ("mise en page", "facture"),
        ("claire", "paul", "merci"),
    ),
    Reply(
        "fr",
        "Bonjour Madame Dupont,\nPour réinitialiser votre mot de passe VPN, ouvrez le portail et cliquez sur « Mot"
        " de passe"
        " oublié ».\nBien à vous,\nLuc",
        ("vpn", "mot de passe"),
        ("dupont", "luc", "bonjour"),
    ),
    Reply(
        "fr",
        "Bonjour,\nle problème de connexion a été résolu : le certificat du serveur avait expiré. N'hésitez pas à"
        " revenir vers"
        " nous.\nBonne journée\nL'équipe support",
        ("connexion", "certificat"),
        ("hésitez", "journée"),
    ),
    Reply(
        "fr",
        "Bonjour Monsieur Leroy,\nPourriez-vous nous envoyer les fichiers journaux du serveur ainsi qu'une capture"
        " d'écran de"
        " l'erreur ?\nMerci d'avance",
        ("fichiers", "journaux", "capture"),
        ("leroy", "merci"),
    ),
    Reply(
        "fr",
        "Salut Marc, nous avons migré ta boîte mail vers le nouveau serveur et mis à jour les enregistrements DNS."
        " À bientôt,"
        " Zoé",
        ("boîte", "serveur"),
        ("marc", "zoé", "salut"),
    ),
    Reply(
        "fr",
        "Bonjour,\nvous trouverez ci-joint le devis révisé pour la refonte de la boutique. Je reste à votre"
        " disposition.\nSincères salutations",
        ("devis",),
        ("disposition",),
    ),
    Reply(
        "fr",
        "Bonjour Inès,\nVous pouvez exporter les tickets au format CSV depuis la page des rapports.\nAmicalement, Tom",
        ("exporter", "tickets", "csv"),
        ("inès", "tom"),
    ),
    Reply(
        "es",
        "Hola María:\n\nGracias por su mensaje. He corregido el diseño del PDF de la factura y los totales ya"
        " están alineados."
        "\n\nUn saludo,\nPedro",
        ("diseño", "factura"),
        ("maría", "pedro", "gracias"),
    ),
    Reply(
        "es",
        "Estimado Sr. García,\nPara restablecer la contraseña de la VPN, abra el portal y haga clic en «Olvidé mi"
        " contraseña»."
        "\nAtentamente,\nLucía",
        ("contraseña", "vpn"),
        ("garcía", "lucía", "estimado"),
    ),
    Reply(
        "es",
        "Buenos días,\nel problema de acceso ha sido resuelto: el certificado del servidor había caducado."
        " Quedamos a su"
        " disposición.\nSaludos cordiales",
        ("acceso", "certificado"),
        ("días", "disposición"),
    ),
    Reply(
        "es",
        "Hola Jorge,\n¿Podría enviarnos los archivos de registro del servidor y una captura del error?\nMuchas gracias",
        ("archivos", "registro", "captura"),
        ("jorge", "gracias"),
    ),
    Reply(
        "es",
        "Hola Elena, hemos migrado su buzón al nuevo servidor y actualizado los registros DNS. Saludos, Iván",
        ("buzón",),
        ("elena", "iván"),
    ),
    Reply(
        "es",
        "Buenas tardes,\nadjunto le envío el presupuesto revisado para el rediseño de la tienda.\nAtentamente\nRosa",
        ("presupuesto",),
        ("rosa", "tardes"),
    ),
    Reply(
        "nl",
        "Beste Anouk,\n\nBedankt voor je bericht. Ik heb de lay-out van de factuur aangepast en de totalen"
        " uitgelijnd.\n\n"
        "Met vriendelijke groet,\nSander",
        ("lay-out", "factuur"),
        ("anouk", "sander", "bedankt"),
    ),
    Reply(
        "nl",
        "Geachte heer De Vries,\nOm uw VPN-wachtwoord opnieuw in te stellen, klikt u in het portaal op ‘Wachtwoord"
        " vergeten’."
        "\nHoogachtend,\nFemke",
        ("vpn",),
        ("vries", "femke"),
    ),
    Reply(
        "nl",
        "Hoi Bram, het probleem met inloggen is opgelost: het certificaat was verlopen en is vernieuwd. Groetjes,"
        " Lotte",
        ("inloggen", "certificaat"),
        ("bram", "lotte"),
    ),
    Reply(
        "nl",
        "Goedemiddag,\nkunt u ons de logbestanden van de server en een schermafdruk van de fout sturen?\nAlvast"
        " bedankt",
        ("logbestanden", "schermafdruk"),
        ("bedankt", "goedemiddag"),
    ),
    Reply(
        "nl",
        "Dag mevrouw Jansen,\nIn de bijlage vindt u de herziene offerte voor het vernieuwen van de"
        " webshop.\nVriendelijke groet\nKoen",
        ("offerte",),
        ("jansen", "koen"),
    ),
    Reply(
        "it",
        "Gentile Marta,\n\ngrazie per il messaggio. Ho corretto l'impaginazione della fattura PDF e allineato i"
        " totali.\n\n"
        "Cordiali saluti,\nLuca",
        ("impaginazione", "fattura"),
        ("marta", "luca", "grazie"),
    ),
    Reply(
        "it",
        "Buongiorno,\nper reimpostare la password della VPN, apra il portale e clicchi su «Password"
        " dimenticata».\nDistinti saluti\nGiulia",
        ("password", "vpn"),
        ("giulia", "buongiorno"),
    ),
    Reply(
        "it",
        "Ciao Paolo, il problema di accesso è stato risolto: il certificato del server era scaduto. A presto, Sara",
        ("accesso", "certificato"),
        ("paolo", "sara"),
    ),
    Reply(
        "it",
        "Salve,\npotrebbe inviarci i file di log del server e uno screenshot dell'errore?\nGrazie mille",
        ("file", "log", "screenshot"),
        ("grazie", "salve"),
    ),
    Reply(
        "pt",
        "Olá Joana,\n\nObrigado pela sua mensagem. Corrigi o layout do PDF da fatura e os totais já estão"
        " alinhados.\n\n"
        "Cumprimentos,\nRui",
        ("layout", "fatura"),
        ("joana", "rui", "obrigado"),
    ),
    Reply(
        "pt",
        "Prezado Sr. Silva,\nPara redefinir a senha da VPN, abra o portal e clique em «Esqueci a"
        " senha».\nAtenciosamente,\nBeatriz",
        ("senha", "vpn"),
        ("silva", "beatriz"),
    ),
    Reply(
        "pt",
        "Bom dia,\no problema de acesso foi resolvido: o certificado do servidor tinha expirado. Fico à"
        " disposição.\nAbraço\nInês",
        ("acesso", "certificado"),
        ("dia,", "disposição", "inês"),
    ),
    Reply(
        "pt",
        "Oi Pedro, você poderia nos enviar os arquivos de log do servidor e uma captura de tela do erro? Obrigado!",
        ("arquivos", "log", "captura"),
        ("pedro", "obrigado"),
    ),
)
