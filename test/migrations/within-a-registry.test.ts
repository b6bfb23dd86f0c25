import { describe, expect, it } from "vitest";
import { ecr } from "../../contract-tests/vendors/ecr.ts";
import type { SimulationOptions, Vendor } from "../../contract-tests/vendors/vendor.ts";
import { openVendorBackend } from "../scenarios/backend-vendor.ts";
import { problemsIn } from "./check.ts";
import { NOTHING_SENT, commandLine, sentBy } from "./command-line.ts";
import { CONFORMANT, SIMULATED } from "./places.ts";
import { openProjectOfFile } from "./project-of-file.ts";

const { cliProcess, project } = await openProjectOfFile();

/** Those that copy by themselves, asked for nothing but their usual access; the others mount. */
const COPYING = ["ecr", "harbor"];
const copying = SIMULATED.filter(({ name }) => COPYING.includes(name));
const mounting = [CONFORMANT, ...SIMULATED.filter(({ name }) => name === "acr")];

describe.for([...copying, ...mounting])("between two repositories of $name", (place) => {
  it("no blob passes by, and a second run sends nothing", async () => {
    await using backend = await place.open();
    const source = { backend, repository: await backend.createRepository("source") };
    const target = { backend, repository: await backend.createRepository("target") };
    await project.fill(source.repository);
    const line = commandLine(cliProcess, project);

    const first = await line.migrate(source, target, ["--verify"]);

    expect(first).toMatchObject({ exit: 0 });
    const wanted = { referrers: await place.tellsReferrers() };
    expect(await problemsIn(await target.repository.read(), project, wanted)).toEqual([]);
    const { counts } = sentBy(first);
    expect(counts).toMatchObject({ blobsSent: 0, bytesSent: 0 });
    expect(counts.copiedByServer > 0).toBe(COPYING.includes(place.name));
    const second = await line.migrate(source, target, ["--verify"]);
    expect(second).toMatchObject({ exit: 0 });
    expect(sentBy(second)).toEqual(NOTHING_SENT);
  });
});

it("blobs are read and sent where they cannot be mounted, and why is told once", async () => {
  const rule = { blobMounting: false };
  const simulate = (options: SimulationOptions = {}): ReturnType<Vendor["simulate"]> =>
    ecr.simulate({ ...options, ...rule });
  await using backend = await openVendorBackend({ ...ecr, simulate }, { untags: true });
  const source = { backend, repository: await backend.createRepository("source") };
  const target = { backend, repository: await backend.createRepository("target") };
  await project.fill(source.repository);

  const ran = await commandLine(cliProcess, project).migrate(source, target, ["--verify"]);

  expect(ran.exit).toBe(0);
  expect(ran.stderr.match(/BLOB_MOUNTING has to be ENABLED/g)).toHaveLength(1);
  const reading = await target.repository.read();
  expect(await problemsIn(reading, project, { referrers: true })).toEqual([]);
  const { blobsSent, ...counts } = sentBy(ran).counts;
  expect(blobsSent).toBeGreaterThan(0);
  expect(counts).toMatchObject({ blobsMounted: 0, copiedByServer: 0 });
});
