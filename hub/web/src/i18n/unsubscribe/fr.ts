/** The unsubscribe page's French texts. */

import type { UnsubscribeKey } from "./en";

export const fr: Record<UnsubscribeKey, string> = {
  title: "Désinscription",
  loading: "Un instant…",
  ask: "Ne plus recevoir ces messages ?",
  what: "Vous ne recevrez plus de {channel} « {category} » à {user}. Tout le reste demeure.",
  button: "Se désinscrire",
  busy: "Désinscription…",
  done: "Vous êtes désinscrit",
  doneText: "Plus aucun envoi de {channel} « {category} » à {user}.",
  undo: "C’était une erreur : annuler",
  undone: "Vous êtes de nouveau inscrit",
  undoneText: "Les {channel} « {category} » seront envoyés à {user} comme avant.",
  settings: "Voir tous les réglages des notifications",
  bad: "Ce lien ne fonctionne pas",
  badText: "Il est peut-être incomplet. Ouvrez-le de nouveau depuis le message, ou choisissez dans vos réglages ce qui vous parvient.",
  failed: "Le serveur est injoignable. Veuillez réessayer.",
  again: "Réessayer",
  "channel.email": "e-mails",
  "channel.push": "messages push",
  "channel.sms": "SMS",
  "channel.whatsapp": "messages WhatsApp",
  "channel.in_app": "messages dans l’appli",
};
