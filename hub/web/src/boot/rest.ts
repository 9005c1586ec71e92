/** HTTP calls to the hub in a person's name: brings their token, unwraps the envelope of contract section 3. */

import { HubError, offline } from "../../sdk/errors";
import type { GetToken } from "../../sdk/token";
import type { Ack } from "../../sdk/types";

type Method = "GET" | "PUT" | "POST" | "DELETE";

export class Rest {
  private token: string | null = null;

  constructor(private readonly getToken: GetToken) {}

  get<T>(path: string): Promise<T> {
    return this.call("GET", path);
  }

  put<T>(path: string, body: object): Promise<T> {
    return this.call("PUT", path, body);
  }

  post<T>(path: string, body?: object): Promise<T> {
    return this.call("POST", path, body);
  }

  delete<T>(path: string, body?: object): Promise<T> {
    return this.call("DELETE", path, body);
  }

  /** `path` begins after `/api/v1`. Raises HubError. */
  private async call<T>(method: Method, path: string, body?: object): Promise<T> {
    this.token ??= await this.getToken("connect");
    let answer = await this.send<T>(method, path, body);
    if (!answer.success && answer.error.code === "auth.expired") {
      this.token = await this.getToken("expired");
      if (this.token) answer = await this.send<T>(method, path, body);
    }
    if (!answer.success) throw HubError.from(answer.error);
    return answer.data;
  }

  private async send<T>(method: Method, path: string, body?: object): Promise<Ack<T>> {
    const headers: Record<string, string> = { accept: "application/json" };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    if (body) headers["content-type"] = "application/json";
    const response = await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) }).catch(() => {
      throw offline();
    });
    return (await response.json().catch(() => ({ success: false, error: { code: "internal.error", message: response.statusText } }))) as Ack<T>;
  }
}
