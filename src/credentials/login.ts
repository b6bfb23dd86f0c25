/** Credentials as a login stores them. */
export type Login =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** An OAuth refresh token. Without a user, it goes by the name that credential helpers give it. */
  | { readonly kind: "identity-token"; readonly username?: string; readonly token: string };

/** The name under which helpers keep an identity token. Source: docker-credential-helpers. */
export const TOKEN_USER = "<token>";
