// SPDX-License-Identifier: BSD-3-Clause
import type { Me, NewToken, Token, TokenList, TokenRequest } from "../wire/identity";
import { sendJson } from "./http";

export const me = () => sendJson<Me>("/api/identity/me");

export const signIn = (username: string, password: string) =>
  sendJson<unknown>("/api/identity/session", "POST", { username, password });

/** Sign in by the code of a one-time link. */
export const signInByLink = (link: string) => sendJson<unknown>("/api/identity/session", "POST", { link });

export const signOut = () => sendJson<unknown>("/api/identity/session", "DELETE");

export const setPassword = (password: string) => sendJson<unknown>("/api/identity/password", "PUT", { password });

export const tokens = async (): Promise<Token[]> => (await sendJson<TokenList>("/api/identity/tokens")).tokens;

export const createToken = async (request: TokenRequest): Promise<string> =>
  (await sendJson<NewToken>("/api/identity/tokens", "POST", request)).token;

export const revokeToken = (key: string) =>
  sendJson<unknown>(`/api/identity/tokens/${encodeURIComponent(key)}`, "DELETE");
