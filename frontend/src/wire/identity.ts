// SPDX-License-Identifier: BSD-3-Clause

export interface User {
  name: string;
  scopes: string[];
  is_admin: boolean;
}

/** Who is asking, and whom: `GET /api/identity/me`. */
export interface Me {
  user: User | null;
  instance: { name: string; version: string };
}

/** A token without its secret. Times are ISO 8601, UTC. */
export interface Token {
  key: string;
  name: string;
  scopes: string[];
  created: string;
  expires: string | null;
}

export interface TokenList {
  tokens: Token[];
}

export interface TokenRequest {
  name: string;
  scopes: string[];
  expires_days: number | null;
}

/** The only answer that ever carries the secret. */
export interface NewToken {
  token: string;
}
