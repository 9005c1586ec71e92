/** HTTP calls to the hub: unwraps the envelope of contract section 3. */

import { HubError } from "../../sdk/errors";
import type { Ack } from "../../sdk/types";

export async function getData<T>(path: string): Promise<T> {
  const response = await fetch(path, { headers: { accept: "application/json" } });
  if (response.status === 404) throw new HubError("not_found", `There is nothing at ${path}.`);
  const answer = (await response.json()) as Ack<T>;
  if (!answer.success) throw HubError.from(answer.error);
  return answer.data;
}
