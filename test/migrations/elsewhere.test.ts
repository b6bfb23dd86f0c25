import { describe, expect, it } from "vitest";
import { findPeer, peersAreRequired } from "../../contract-tests/servers/peers.ts";
import { startServer } from "../../contract-tests/servers/server.ts";
import { openHttpBackend } from "../scenarios/backend-http.ts";
import { openLayouts } from "../scenarios/backend-layout.ts";
import { imageWithBaseElsewhere } from "./artifacts.ts";
import { problemsIn } from "./check.ts";
import { commandLine, complaintOf } from "./command-line.ts";
import { openProjectOfFile } from "./project-of-file.ts";
import { openWatchedSide } from "./watched-side.ts";

const { cliProcess, project } = await openProjectOfFile();

describe("foreign tags that are asked for", () => {
  it("come along with their signatures, and a layer that lies elsewhere stays there", async () => {
    await using from = await openWatchedSide();
    await using layouts = await openLayouts();
    const source = { ...from, repository: await from.backend.createRepository("source") };
    const target = { backend: layouts, repository: await layouts.createRepository("target") };
    await project.fill(source.repository);
    const windows = imageWithBaseElsewhere();
    await source.repository.push(windows, "windows");

    const line = commandLine(cliProcess, project);
    const ran = await line.migrate(source, target, ["--foreign", "--verify"]);

    expect(complaintOf(ran)).toBe("");
    const reading = await target.repository.read();
    const wanted = { referrers: true, foreign: true };
    expect(reading.digests.get("windows")).toBe(windows.digest);
    expect(await problemsIn(reading, project, wanted)).toEqual(["windows is too much"]);
  });

  const isMissing = findPeer("docker-registry") === undefined && !peersAreRequired();
  it.skipIf(isMissing)("leave the others alone where one of them is refused", async () => {
    await using from = await openWatchedSide();
    const source = { ...from, repository: await from.backend.createRepository("source") };
    await project.fill(source.repository);
    // docker-registry takes no layers that lie elsewhere unless its configuration names where.
    await source.repository.push(imageWithBaseElsewhere(), "windows");
    const server = await startServer({ kind: "docker-registry" });
    const close = (): Promise<void> => server.stop();
    await using backend = openHttpBackend({ host: server.host, untags: true, close });
    const target = { backend, repository: await backend.createRepository("target") };

    const line = commandLine(cliProcess, project);
    const { exit, stdout } = await line.migrate(source, target, ["--foreign", "--verify"]);

    expect(exit).toBe(1);
    expect(stdout).toContain("windows");
    const reading = await target.repository.read();
    expect(await problemsIn(reading, project, { referrers: true, foreign: true })).toEqual([]);
  });
});
