/** The one error type of the SDK: the server's error object, or a local failure with the same fields. */

import type { ErrorBody, Localized } from "./types";

export class HubError extends Error {
  override readonly name = "HubError";

  constructor(
    readonly code: string,
    message: string,
    readonly retryable = false,
    readonly retryAfterMs: number | null = null,
    readonly localized: Localized = {},
    readonly details: unknown = null,
  ) {
    super(message);
  }

  static from(body: Partial<ErrorBody> | null | undefined): HubError {
    return new HubError(
      body?.code ?? "internal.error",
      body?.message ?? "The server gave no reason.",
      body?.retryable ?? false,
      body?.retry_after_ms ?? null,
      body?.localized_message ?? {},
      body?.details ?? null,
    );
  }

  /** Anything thrown, as a HubError, so that callers have one thing to look at. */
  static of(thrown: unknown): HubError {
    if (thrown instanceof HubError) return thrown;
    return new HubError("client.error", thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** No connection now. The same request may succeed after reconnecting. */
export const offline = (): HubError =>
  new HubError("connection.offline", "There is no connection to the server.", true, null, {
    en: "You are offline. Try again when you are connected.",
    fr: "Vous êtes hors ligne. Réessayez une fois la connexion revenue.",
    ht: "Ou pa konekte. Eseye ankò lè koneksyon an tounen.",
  });

/** The request was written but its answer is unknown: it may or may not have been carried out. */
export const unanswered = (code: "connection.lost" | "request.timeout"): HubError =>
  new HubError(code, "The server did not answer in time.", true, null, {
    en: "The server did not answer in time. Please try again.",
    fr: "Le serveur n’a pas répondu à temps. Veuillez réessayer.",
    ht: "Sèvè a pa reponn atan. Tanpri eseye ankò.",
  });
