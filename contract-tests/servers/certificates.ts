import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { requirePeer } from "./peers.ts";
import { run } from "./run.ts";

export interface ServerCertificate {
  readonly certPath: string;
  readonly keyPath: string;
  /** Of the authority that signed it. */
  readonly caPem: string;
}

/** A certificate for localhost, signed by an authority of its own. */
export async function makeServerCertificate(directory: string): Promise<ServerCertificate> {
  const openssl = requirePeer("openssl");
  const at = (name: string): string => join(directory, name);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const authority = ["-keyout", at("ca.key"), "-out", at("ca.pem"), "-subj", "/CN=Test CA"];
  const powers = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"];
  const extensions = powers.flatMap((power) => ["-addext", power]);
  await run(openssl, ["req", "-x509", "-days", "2", ...newKey, ...authority, ...extensions]);
  const request = ["-keyout", at("server.key"), "-out", at("server.csr"), "-subj", "/CN=localhost"];
  await run(openssl, ["req", ...newKey, ...request]);
  const names = "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n";
  await writeFile(at("server.ext"), names);
  const signer = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "2"];
  const signed = ["-in", at("server.csr"), "-extfile", at("server.ext"), "-out", at("server.pem")];
  await run(openssl, ["x509", "-req", ...signer, ...signed]);
  const caPem = await readFile(at("ca.pem"), "utf8");
  return { certPath: at("server.pem"), keyPath: at("server.key"), caPem };
}

export interface SigningKey {
  readonly certPath: string;
  readonly keyPem: string;
  /** The certificate's DER bytes in base64, for a token's `x5c`. */
  readonly x5c: string;
}

/** A key that signs tokens, with the certificate a registry trusts it by. */
export async function makeSigningKey(directory: string): Promise<SigningKey> {
  const certPath = join(directory, "token.pem");
  const keyPath = join(directory, "token.key");
  const algorithm = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
  const files = ["-keyout", keyPath, "-out", certPath, "-subj", "/CN=Token signer"];
  const request = ["req", "-x509", "-nodes", "-days", "2", "-newkey", ...algorithm];
  await run(requirePeer("openssl"), [...request, ...files]);
  const pem = await readFile(certPath, "utf8");
  const x5c = pem.replaceAll(/-----[^-]+-----|\s/g, "");
  return { certPath, keyPem: await readFile(keyPath, "utf8"), x5c };
}
