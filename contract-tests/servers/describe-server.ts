import { afterAll, describe, expect, it } from "vitest";
import { capabilities } from "../../adapters/default/capabilities.ts";
import { openDefault } from "../adapters/default-subject.ts";
import { describeRegistryContract } from "../suite/index.ts";
import type { Subject } from "../suite/harness.ts";
import { PEERS, findPeer, peersAreRequired } from "./peers.ts";
import { openPusher } from "./push.ts";
import { startServer } from "./server.ts";
import type { Server, ServerKind, ServerOptions } from "./server.ts";

const MODES: readonly (Omit<ServerOptions, "kind"> & { readonly name: string })[] = [
  { name: "plain HTTP" },
  { name: "TLS with a private CA", tls: true },
  { name: "Basic", auth: "basic" },
  { name: "TLS and Basic", tls: true, auth: "basic" },
  { name: "Bearer", auth: "bearer" },
];

export interface ServerTraits {
  /** More tags than this do not fit into one page; for a server without pages, any number. */
  readonly pageSize: number;
  readonly withoutCatalog?: boolean;
}

/** The contract of the default adapter on a real server, in every mode; skipped by name where it is missing. */
export async function describeServer(kind: ServerKind, traits: ServerTraits): Promise<void> {
  const peers = [kind, "htpasswd", "openssl"] as const;
  const missing = peers.filter((peer) => findPeer(peer) === undefined);
  const isReady = missing.length === 0;
  describe(`registry contract: default on ${PEERS[kind]}`, () => {
    it.skipIf(!isReady && !peersAreRequired())(`${PEERS[kind]} is installed`, () => {
      expect(missing).toEqual([]);
    });
  });
  for (const { name, ...mode } of isReady ? MODES : []) {
    const server = await startServer({ kind, ...mode });
    afterAll(() => server.stop());
    const isPlain = mode.tls !== true && mode.auth === undefined;
    const pageSize = isPlain ? traits.pageSize : 10;
    const subject = subjectOn(server, `${PEERS[kind]}, ${name}`, { ...traits, pageSize });
    await describeRegistryContract(subject);
  }
}

function subjectOn(server: Server, name: string, traits: ServerTraits): Subject {
  return {
    name: `default on ${name}`,
    capabilities,
    ...traits,
    pages: false,
    announcesDigests: true,
    unknownRepository: "is-empty",
    async open() {
      const { host, caPem, credentials } = server;
      const pusher = openPusher(server);
      const opened = await openDefault({
        host,
        ...(caPem === undefined ? {} : { caPem }),
        ...(credentials === undefined ? {} : { credentials: { kind: "password", ...credentials } }),
      });
      return {
        ...opened,
        async seed(content, { tags = [], repository = opened.repository } = {}) {
          await pusher.push(repository.name, content, tags);
          return content.digest;
        },
        async [Symbol.asyncDispose]() {
          await opened[Symbol.asyncDispose]();
          await pusher[Symbol.asyncDispose]();
        },
      };
    },
  };
}
