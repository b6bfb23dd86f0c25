import { describe, expect, it } from "vitest";
import { openCuttingProxy } from "../../contract-tests/servers/cutting-proxy.ts";
import { findPeer, peersAreRequired } from "../../contract-tests/servers/peers.ts";
import { startServer } from "../../contract-tests/servers/server.ts";
import { openHttpBackend } from "../scenarios/backend-http.ts";
import { openLayouts } from "../scenarios/backend-layout.ts";
import { largeArtifact } from "./artifacts.ts";
import { commandLine, complaintOf } from "./command-line.ts";
import { openProjectOfFile } from "./project-of-file.ts";
import { openWatchedSide, storedTwice } from "./watched-side.ts";

const MEBIBYTE = 1024 ** 2;
/** Several chunks of an upload: what arrived in whole chunks is not sent again. */
const LAYER_BYTES = 36 * MEBIBYTE;

const { cliProcess, project } = await openProjectOfFile();

describe("a large blob", () => {
  it("is read on from where it broke off", async () => {
    await using from = await openWatchedSide();
    await using to = await openWatchedSide();
    const source = { ...from, repository: await from.backend.createRepository("source") };
    const target = { ...to, repository: await to.backend.createRepository("target") };
    const image = largeArtifact(LAYER_BYTES);
    const layer = image.blobs[1]?.digest ?? "";
    await source.repository.push(image, "large");
    const ranges: (string | undefined)[] = [];
    const isLayer = ({ method, path }: { method: string; path: string }): boolean =>
      method === "GET" && path.endsWith(layer);
    from.backend.trouble?.([
      {
        when: isLayer,
        times: 2,
        before: ({ headers }) => void ranges.push(headers["range"]),
        fault: { kind: "cut-body" },
      },
      { when: isLayer, before: ({ headers }) => void ranges.push(headers["range"]) },
    ]);

    const ran = await commandLine(cliProcess, project).migrate(source, target, [
      "--foreign",
      "--verify",
    ]);

    expect(complaintOf(ran)).toBe("");
    expect(ranges).toHaveLength(3);
    expect(ranges.map((range) => startOf(range) > 0)).toEqual([false, true, true]);
    expect(storedTwice(to.served)).toEqual([]);
    expect((await target.repository.read()).broken).toEqual([]);
  });

  const isMissing = findPeer("docker-registry") === undefined && !peersAreRequired();
  it.skipIf(isMissing)("arrives whole where the connection is cut in its middle", async () => {
    await using layouts = await openLayouts();
    const repository = await layouts.createRepository("source");
    const image = largeArtifact(LAYER_BYTES);
    await repository.push(image, "large");
    const server = await startServer({ kind: "docker-registry" });
    const close = (): Promise<void> => server.stop();
    await using backend = openHttpBackend({ host: server.host, untags: true, close });
    const behind = await backend.createRepository("target");
    await using proxy = await openCuttingProxy(server.host, [3 * MEBIBYTE, 8 * MEBIBYTE]);
    const address = behind.address.replace(server.host, proxy.host);

    const ran = await commandLine(cliProcess, project).migrate(
      { backend: layouts, repository },
      { backend, repository: { ...behind, address } },
      ["--foreign", "--verify"],
    );

    expect(complaintOf(ran)).toBe("");
    expect(proxy.cuts()).toBe(2);
    const { digests, broken } = await behind.read();
    expect([...digests]).toEqual([["large", image.digest]]);
    expect(broken).toEqual([]);
  });
});

/** The first byte that a `Range` asks for. */
function startOf(range = "bytes=0-"): number {
  return Number(/^bytes=(\d+)-/.exec(range)?.[1]);
}
