import { describe, expect, it } from "vitest";
import { findPeer, peersAreRequired, requirePeer } from "../../contract-tests/servers/peers.ts";
import { run } from "../../contract-tests/servers/run.ts";
import { startServer } from "../../contract-tests/servers/server.ts";
import { startCliProcess } from "../scenarios/cli-process.ts";
import { openHttpBackend } from "../scenarios/backend-http.ts";
import { sha256 } from "../scenarios/formats.ts";
import { listTags, validate } from "../servers/tools.ts";
import { commandLine, complaintOf } from "./command-line.ts";
import { openArchives } from "./archives.ts";
import { createProject } from "./project.ts";

const missing = (["olareg", "crane", "regctl", "skopeo"] as const).filter(
  (peer) => findPeer(peer) === undefined,
);

describe.skipIf(missing.length > 0 && !peersAreRequired())("clients of others", () => {
  it("find every tag, every layer and every referrer of what was migrated to olareg", async () => {
    await using cliProcess = startCliProcess();
    await using project = await createProject();
    await using archives = await openArchives();
    const server = await startServer({ kind: "olareg" });
    const close = (): Promise<void> => server.stop();
    await using backend = openHttpBackend({ host: server.host, untags: true, close });
    const repository = await archives.createRepository("source");
    await project.fill(repository);
    const target = { backend, repository: await backend.createRepository("target") };
    const { address } = target.repository;

    const source = { backend: archives, repository };
    const ran = await commandLine(cliProcess, project).migrate(source, target);
    expect(complaintOf(ran)).toBe("");

    expect(await listTags(server.host, address)).toEqual([...project.own.keys()].toSorted());
    for (const tag of Object.values(project.images).flat()) await validate(`${address}:${tag}`);
    for (const [subject, referrer] of project.referrers) {
      expect(await referrersOf(server.host, `${address}@${subject}`)).toContain(referrer);
    }
  });

  it("read from an archive what was migrated into it", async () => {
    await using cliProcess = startCliProcess();
    await using project = await createProject();
    await using archives = await openArchives();
    const server = await startServer({ kind: "olareg" });
    const close = (): Promise<void> => server.stop();
    await using backend = openHttpBackend({ host: server.host, untags: true, close });
    const repository = await backend.createRepository("source");
    await project.fill(repository);
    const target = { backend: archives, repository: await archives.createRepository("target") };

    const source = { backend, repository };
    const ran = await commandLine(cliProcess, project).migrate(source, target);
    expect(complaintOf(ran)).toBe("");

    const file = target.repository.address.slice("archive:".length);
    // skopeo takes no manifest of Docker's format out of an OCI layout.
    const { oci } = project.images;
    const digests = await Promise.all(oci.map((tag) => digestInArchive(file, tag)));
    expect(digests).toEqual(oci.map((tag) => project.own.get(tag)));
  });
});

/** Digests of what has a manifest as its subject, as regctl finds them. */
async function referrersOf(host: string, reference: string): Promise<readonly string[]> {
  const args = ["artifact", "list", "--host", `reg=${host},tls=disabled`, reference];
  const list = await run(requirePeer("regctl"), [...args, "--format", "{{json .Descriptors}}"]);
  const found: readonly { readonly digest: string }[] = JSON.parse(list);
  return found.map(({ digest }) => digest);
}

/** The digest of a tag's manifest in an archive, as skopeo reads it. */
async function digestInArchive(file: string, tag: string): Promise<string> {
  const args = ["--insecure-policy", "inspect", "--raw", `oci-archive:${file}:${tag}`];
  const manifest = await run(requirePeer("skopeo"), args);
  return `sha256:${sha256(manifest)}`;
}
