/** The unsubscribe page's Haitian Creole texts. */

import type { UnsubscribeKey } from "./en";

export const ht: Record<UnsubscribeKey, string> = {
  title: "Dezenskri",
  loading: "Yon ti moman…",
  ask: "Sispann resevwa mesaj sa yo?",
  what: "Ou p ap resevwa {channel} “{category}” ankò nan {user}. Tout rès la ret menm jan.",
  button: "Dezenskri m",
  busy: "N ap dezenskri w…",
  done: "Ou dezenskri",
  doneText: "Nou p ap voye {channel} “{category}” bay {user} ankò.",
  undo: "Se te yon erè: defè l",
  undone: "Ou enskri ankò",
  undoneText: "N ap voye {channel} “{category}” bay {user} menm jan ak anvan.",
  settings: "Gade tout reglaj notifikasyon yo",
  bad: "Lyen sa a pa mache",
  badText: "Petèt li pa konplè. Louvri l ankò nan mesaj la, oswa chwazi nan reglaj ou yo sa ki rive jwenn ou.",
  failed: "Nou pa ka jwenn sèvè a. Tanpri eseye ankò.",
  again: "Eseye ankò",
  "channel.email": "imèl",
  "channel.push": "notifikasyon push",
  "channel.sms": "SMS",
  "channel.whatsapp": "mesaj WhatsApp",
  "channel.in_app": "notifikasyon nan aplikasyon an",
};
