"""Error messages for people, in the hub's languages; `message` beside them speaks to developers."""

from hub.errors import HubError

ENGLISH = {
    "auth.invalid": "You are not signed in. Sign in again.",
    "auth.expired": "Your session has expired. Sign in again.",
    "service.unavailable": "We cannot answer right now. Please try again shortly.",
    "auth.unavailable": "We cannot sign you in right now. Please try again shortly.",
    "auth.revoked": "You were signed out. Sign in again.",
    "request.invalid": "The request is not understood.",
    "request.too_large": "That is too large.",
    "request.not_found": "There is nothing at this address.",
    "request.method_not_allowed": "This address does not take this method.",
    "rate.limited": "Too many requests. Wait a moment, then go on.",
    "conversation.closed": "This conversation does not take messages now. Its history stays readable.",
    "live.slow_mode": "This room is in slow mode. Wait a moment before your next message.",
    "message.conflict": "This identifier was already used for another message.",
    "idempotency.conflict": "This idempotency key was already used for another request.",
}
"""Where the class's sentence speaks to developers, the one for people."""

FRENCH = {
    "internal.error": "Une erreur s’est produite de notre côté. Elle a été notée ; veuillez réessayer.",
    "auth.invalid": "Le jeton est absent ou invalide. Reconnectez-vous.",
    "auth.expired": "La session a expiré. Reconnectez-vous.",
    "auth.revoked": "Vos sessions ont été fermées. Reconnectez-vous.",
    "service.unavailable": "Le service est indisponible pour le moment. Réessayez dans un instant.",
    "auth.unavailable": "La connexion est impossible pour le moment. Réessayez dans un instant.",
    "access.denied": "Votre rôle ne le permet pas.",
    "request.invalid": "La demande n’est pas comprise.",
    "request.too_large": "La demande est trop grande.",
    "request.not_found": "Il n’y a rien à cette adresse.",
    "request.method_not_allowed": "Cette adresse n’accepte pas cette méthode.",
    "rate.limited": "Trop de demandes. Attendez un instant, puis continuez.",
    "user.not_found": "Cette personne n’existe pas.",
    "conversation.not_found": "Cette conversation n’existe pas, ou vous n’y participez pas.",
    "conversation.closed": "Cette conversation n’accepte pas de messages pour le moment. L’historique reste lisible.",
    "live.slow_mode": "Ce salon est en mode lent. Attendez un instant avant votre prochain message.",
    "message.not_found": "Ce message n’existe pas dans cette conversation.",
    "message.conflict": "Cet identifiant a déjà servi pour un autre message.",
    "message.deleted": "Ce message a été supprimé et ne peut plus être modifié.",
    "event.not_found": "Cet événement n’existe pas.",
    "template.not_found": "Ce modèle, ou cette version du modèle, n’existe pas.",
    "notification.not_found": "Cette notification n’existe pas, ou elle ne vous est pas adressée.",
    "unsubscribe.invalid": "Ce lien de désabonnement n’est pas valable. Ouvrez-le de nouveau depuis le message.",
    "webhook.refused": "Cet appel n’est pas signé par le prestataire attendu. Vérifiez les clés des deux côtés.",
    "dead.not_found": "Il n’y a rien à relancer sous cet identifiant ; cela a peut-être déjà été fait.",
    "idempotency.conflict": "Cette clé d’idempotence a déjà servi pour une autre demande.",
    "server.draining": "Ce serveur va s’arrêter. Reconnectez-vous ; un autre répondra.",
}

KREYOL = {
    "internal.error": "Gen yon erè ki fèt bò kote pa nou. Nou note l; tanpri eseye ankò.",
    "auth.invalid": "Jeton an manke oswa li pa bon. Konekte ankò.",
    "auth.expired": "Sesyon an ekspire. Konekte ankò.",
    "auth.revoked": "Yo fèmen sesyon ou yo. Konekte ankò.",
    "service.unavailable": "Nou pa ka reponn kounye a. Eseye ankò talè.",
    "auth.unavailable": "Nou pa ka konekte w kounye a. Eseye ankò talè.",
    "access.denied": "Wòl ou pa pèmèt sa.",
    "request.invalid": "Nou pa konprann demann nan.",
    "request.too_large": "Demann nan twò gwo.",
    "request.not_found": "Pa gen anyen nan adrès sa a.",
    "request.method_not_allowed": "Adrès sa a pa aksepte metòd sa a.",
    "rate.limited": "Twòp demann. Tann yon ti moman, epi kontinye.",
    "user.not_found": "Moun sa a pa egziste.",
    "conversation.not_found": "Konvèsasyon sa a pa egziste, oswa ou pa ladan l.",
    "conversation.closed": "Konvèsasyon sa a pa pran mesaj kounye a. Ou ka toujou li istwa li.",
    "live.slow_mode": "Sal sa a an mòd dousman. Tann yon ti moman anvan pwochen mesaj ou.",
    "message.not_found": "Mesaj sa a pa egziste nan konvèsasyon sa a.",
    "message.conflict": "Idantifyan sa a te deja sèvi pou yon lòt mesaj.",
    "message.deleted": "Mesaj sa a efase, yo pa ka chanje l ankò.",
    "event.not_found": "Evènman sa a pa egziste.",
    "template.not_found": "Modèl sa a, oswa vèsyon sa a, pa egziste.",
    "notification.not_found": "Notifikasyon sa a pa egziste, oswa se pa pou ou li ye.",
    "unsubscribe.invalid": "Lyen dezabònman sa a pa bon. Louvri l ankò nan mesaj la.",
    "webhook.refused": "Se pa founisè nou t ap tann nan ki siyen apèl sa a. Verifye kle yo toulède bò.",
    "dead.not_found": "Pa gen anyen pou relanse ak idantifyan sa a; petèt yo gentan fè l.",
    "idempotency.conflict": "Kle idanpotans sa a te deja sèvi pou yon lòt demann.",
    "server.draining": "Sèvè sa a pral kanpe. Konekte ankò; yon lòt ap reponn.",
}


def localized(error: HubError) -> dict[str, str]:
    """The error's sentence in en, fr and ht."""
    fallback = error.message
    return {
        "en": ENGLISH.get(error.code, fallback),
        "fr": FRENCH.get(error.code, fallback),
        "ht": KREYOL.get(error.code, fallback),
    }
