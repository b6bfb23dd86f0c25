import type { Greeting } from "../../src/registry/adapter.ts";

/** What a host's name tells about a private registry. */
export interface PrivateHost {
  readonly account: string;
  readonly region: string;
  readonly isFips: boolean;
  readonly isDualStack: boolean;
}

/** Source: awslabs/amazon-ecr-credential-helper `ecr-login/api`; renovate `datasource/docker` for the last five. */
const SUFFIXES = [
  "amazonaws\\.com",
  "amazonaws\\.com\\.cn",
  "amazonaws\\.eu",
  "on\\.aws",
  "on\\.amazonwebservices\\.com\\.cn",
  "sc2s\\.sgov\\.gov",
  "c2s\\.ic\\.gov",
  "cloud\\.adc-e\\.uk",
  "csp\\.hci\\.ic\\.gov",
  "on\\.amazonwebservices\\.eu",
  "on\\.aws\\.ic\\.gov",
  "on\\.aws\\.scloud",
  "on\\.cloud-aws\\.adc-e\\.uk",
  "on\\.aws\\.hci\\.ic\\.gov",
];

/** `dkr.ecr` with its dot, and `dkr-ecr` of the dual-stack names. */
const PRIVATE = new RegExp(
  `^(\\d{12})\\.dkr[.-]ecr(-fips)?\\.([a-z0-9][a-z0-9-]*)\\.(${SUFFIXES.join("|")})(?::443)?$`,
);

/** The second is the dual-stack name. */
const PUBLIC = /^(?:public\.ecr\.aws|ecr-public\.aws\.com)(?::443)?$/;

/** Whether the host alone proves this implementation. */
export function detectEcr(host: string): boolean {
  return parsePrivateHost(host) !== undefined || isPublicHost(host);
}

/** `undefined` for any other host, ECR Public's among them. */
export function parsePrivateHost(host: string): PrivateHost | undefined {
  const [, account, fips, region, suffix] = PRIVATE.exec(host.toLowerCase()) ?? [];
  if (account === undefined || region === undefined || suffix === undefined) return undefined;
  return {
    account,
    region,
    isFips: fips !== undefined,
    isDualStack: suffix.startsWith("on."),
  };
}

export function isPublicHost(host: string): boolean {
  return PUBLIC.test(host.toLowerCase());
}

/** A proxy or a name of one's own in front of it hands the challenge through. */
export function recogniseEcr({ challenges }: Greeting): "sure" | undefined {
  const isOurs = challenges.some((challenge) => SERVICE.test(challenge));
  return isOurs ? "sure" : undefined;
}

/** Whether the first answer is ECR Public's. */
export function isPublicGreeting(greeting: Greeting | undefined): boolean {
  return greeting?.challenges.some((challenge) => PUBLIC_SERVICE.test(challenge)) ?? false;
}

const SERVICE = /\bservice="(?:ecr\.amazonaws\.com|public\.ecr\.aws)"/;
const PUBLIC_SERVICE = /\bservice="public\.ecr\.aws"/;
