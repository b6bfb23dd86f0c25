/** Credentials that cannot be read. The message is one line that names the file or the helper, never a secret. */
export class CredentialsError extends Error {
  override readonly name = "CredentialsError";
}
