/** The unsubscribe page's English texts; this file also fixes which keys exist. */

export const en = {
  title: "Unsubscribe",
  loading: "One moment…",
  ask: "Stop these messages?",
  what: "You will get no more “{category}” {channel} at {user}. Everything else stays as it is.",
  button: "Unsubscribe",
  busy: "Unsubscribing…",
  done: "You are unsubscribed",
  doneText: "No more “{category}” {channel} will be sent to {user}.",
  undo: "That was a mistake: undo",
  undone: "You are subscribed again",
  undoneText: "“{category}” {channel} will be sent to {user} as before.",
  settings: "See all notification settings",
  bad: "This link does not work",
  badText: "It may be incomplete. Open it again from the message, or choose in your settings what reaches you.",
  failed: "The server cannot be reached. Please try again.",
  again: "Try again",
  "channel.email": "e-mails",
  "channel.push": "push notifications",
  "channel.sms": "SMS",
  "channel.whatsapp": "WhatsApp messages",
  "channel.in_app": "notifications in the app",
} as const;

export type UnsubscribeKey = keyof typeof en;
