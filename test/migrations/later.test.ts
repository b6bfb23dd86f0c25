import { describe, expect, it } from "vitest";
import { openLayouts } from "../scenarios/backend-layout.ts";
import { imageOf } from "../scenarios/content.ts";
import type { Content } from "../scenarios/content.ts";
import { tagAbout } from "./artifacts.ts";
import { problemsIn } from "./check.ts";
import { commandLine, complaintOf } from "./command-line.ts";
import type { Side } from "./command-line.ts";
import { openProjectOfFile } from "./project-of-file.ts";
import { openWatchedSide, storedTwice } from "./watched-side.ts";

const { cliProcess, project } = await openProjectOfFile();

describe("what came to the source after a migration", () => {
  it("is brought by the next one: a referrer and a signature of what is there already", async () => {
    await using layouts = await openLayouts();
    await using to = await openWatchedSide();
    const source: Side = { backend: layouts, repository: await layouts.createRepository("source") };
    const target: Side = { ...to, repository: await to.backend.createRepository("target") };
    await project.fill(source.repository);
    const line = commandLine(cliProcess, project);
    expect(complaintOf(await line.migrate(source, target))).toBe("");

    const subject = project.contentOf("web1");
    const referrer = about(subject, "a referrer that came later");
    const second = about(referrer, "what is about that one");
    const signature = about(project.contentOf("tool"), "a signature that came later");
    const tag = tagAbout(project.contentOf("tool"), ".sig");
    for (const content of [referrer, second]) await source.repository.push(content);
    await source.repository.push(signature, tag);

    expect(complaintOf(await line.migrate(source, target, ["--verify"]))).toBe("");
    const reading = await target.repository.read();
    expect(await problemsIn(reading, project, { referrers: true })).toEqual([`${tag} is too much`]);
    const held = await Promise.all(
      [referrer, second, signature].map(({ digest }) => reading.holds(digest)),
    );
    expect(held).toEqual([true, true, true]);
    expect(storedTwice(to.served)).toEqual([]);
  });

  it("is a moved tag: it stays as it is in the target until it may be replaced", async () => {
    await using layouts = await openLayouts();
    await using to = await openWatchedSide();
    const source: Side = { backend: layouts, repository: await layouts.createRepository("source") };
    const target: Side = { ...to, repository: await to.backend.createRepository("target") };
    await project.fill(source.repository);
    const line = commandLine(cliProcess, project);
    expect(complaintOf(await line.migrate(source, target))).toBe("");
    const moved = project.contentOf("tool");
    await source.repository.push(moved, "latest");

    const refused = await line.migrate(source, target, ["--verify"]);
    expect(refused.stdout).toContain('"taken"');
    const before = await target.repository.read();
    expect(await problemsIn(before, project, { referrers: true })).toEqual([]);

    const replaced = await line.migrate(source, target, ["--verify", "--overwrite"]);
    expect(complaintOf(replaced)).toBe("");
    const after = await target.repository.read();
    expect(after.digests.get("latest")).toBe(moved.digest);
    expect(after.broken).toEqual([]);
  });
});

function about(subject: Content, layer: string): Content {
  return imageOf({
    media: "oci",
    created: "2026-01-01T00:00:00Z",
    labels: {},
    layer,
    subject,
  });
}
